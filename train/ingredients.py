"""What an architecture may be made of: names of Keras 2 and 3 that only compute, and open no file and run no code."""

from typing import Final

_MODELS = "Sequential Functional Model"
_LAYERS = f"""
    InputLayer Dense EinsumDense Embedding Identity Masking
    Activation ReLU LeakyReLU PReLU ELU Softmax
    Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose
    SeparableConv1D SeparableConv2D DepthwiseConv1D DepthwiseConv2D
    MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D
    GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
    AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveAveragePooling1D AdaptiveAveragePooling2D
    BatchNormalization LayerNormalization GroupNormalization UnitNormalization RMSNormalization SpectralNormalization
    Normalization Rescaling Resizing CenterCrop
    Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D AlphaDropout GaussianDropout GaussianNoise
    ActivityRegularization
    RandomBrightness RandomContrast RandomCrop RandomErasing RandomFlip RandomRotation RandomShear RandomTranslation
    RandomZoom
    Flatten Reshape Permute RepeatVector UpSampling1D UpSampling2D UpSampling3D
    ZeroPadding1D ZeroPadding2D ZeroPadding3D Cropping1D Cropping2D Cropping3D
    Add Subtract Multiply Average Maximum Minimum Concatenate Dot
    Attention AdditiveAttention MultiHeadAttention GroupedQueryAttention
    RNN SimpleRNN SimpleRNNCell LSTM LSTMCell GRU GRUCell StackedRNNCells ConvLSTM1D ConvLSTM2D ConvLSTM3D
    Bidirectional TimeDistributed
    {_MODELS}
"""
_PARTS = """
    Constant GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform Identity IdentityInitializer
    Ones Zeros Orthogonal OrthogonalInitializer RandomNormal RandomUniform TruncatedNormal VarianceScaling
    L1 L2 L1L2 OrthogonalRegularizer MaxNorm MinMaxNorm NonNeg UnitNorm
    DTypePolicy Policy TensorShape __tuple__ __keras_tensor__
"""
_ACTIVATIONS = """
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear log_sigmoid
    log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid
    sparsemax squareplus swish tanh tanh_shrink threshold
"""

MODELS: Final = frozenset(_MODELS.split())
LAYERS: Final = frozenset(_LAYERS.split())
"""With the models, which can be layers of others."""
PARTS: Final = frozenset(_PARTS.split())
"""What layers are made with: initialisers, regularisers, constraints, types."""
ACTIVATIONS: Final = frozenset(_ACTIVATIONS.split())
