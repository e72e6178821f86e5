#!/bin/sh
# Print the first Python that the pinned packages support, out of $PYTHON or those on the PATH; else say which
# versions do, and fail. The range is requires-python of pyproject.toml. Run in the project's folder.

range=$(sed -n 's/^requires-python = ">=3\.\([0-9]*\),<3\.\([0-9]*\)"$/\1 \2/p' pyproject.toml)
low=${range% *}
above=${range#* }
if [ -z "$range" ]; then
    echo 'error: pyproject.toml has no line like requires-python = ">=3.11,<3.14"' >&2
    exit 1
fi

names=$PYTHON
supported=
minor=$above
while [ "$minor" -gt "$low" ]; do
    minor=$((minor - 1))
    [ -n "$PYTHON" ] || names="$names python3.$minor"
    supported="3.$minor${supported:+, $supported}"
done
[ -n "$PYTHON" ] || names="$names python3 python"

found=
for name in $names; do
    # Run it, since a pyenv shim is there even where its Python is not. Debian's python3 alone has no ensurepip.
    version=$("$name" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    case ", $supported," in
        *", $version,"*) ;;
        *) found="$found $name is $version;"; continue ;;
    esac
    if "$name" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "$name"
        exit 0
    fi
    found="$found $name ($version) cannot make virtual environments, install python$version-venv;"
done

{
    echo "error: digitdrop needs Python $supported; the packages that it pins support no other version."
    [ -z "$found" ] || echo "Found:$found"
    echo "Install one of them, or name it: make PYTHON=/path/to/python3"
} >&2
exit 1
