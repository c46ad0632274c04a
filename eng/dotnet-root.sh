# shellcheck shell=bash
# Sourced. A dotnet that was unpacked into a home folder is found by `dotnet` itself, but not by the programs it builds
# and the tools it installs: they look in DOTNET_ROOT.
if [ -z "${DOTNET_ROOT:-}" ]; then
  dotnet_folder=$(dirname "$(readlink -f "$(command -v dotnet)")")
  if [ -d "$dotnet_folder/host/fxr" ]; then
    export DOTNET_ROOT=$dotnet_folder
  fi
  unset dotnet_folder
fi
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
