#!/bin/sh
# What AWS's base image does at its start: the runtime client where Lambda's API is there, else under the emulator.
export _HANDLER="$1"
if [ -n "$AWS_LAMBDA_RUNTIME_API" ]; then
    exec python -m awslambdaric "$_HANDLER"
fi
exec /usr/local/bin/aws-lambda-rie python -m awslambdaric "$_HANDLER"
