# Builds of the sample: in a machine that was booted, in one that was thawed, and on this host.
cp -r "$root/samples/shop" "$work/p90"
cd "$work/p90"
rm -rf src/*/bin src/*/obj tests/*/bin tests/*/obj
sample_build() { # sample_build WHERE DOTNET…
  local where=$1
  shift
  seconds "$@" restore | row "restore of the sample, $where, no package there yet" s
  seconds "$@" build --no-restore | row "first build after that, $where" s
  echo "// $RANDOM" >>src/Shop.Core/Money.cs
  seconds "$@" build --no-restore | row "incremental build, $where" s
  seconds "$@" test --no-build | row "test, $where" s
}
echo "== builds on this host"
cp -r "$work/p90" "$work/native"
(cd "$work/native" && NUGET_PACKAGES="$work/packages" sample_build "on this host" dotnet)
echo "== builds in a booted machine"
mv "$MACHINE_HOME/templates" "$work/templates"
machine start --approve
sample_build "booted" "$tool"
machine destroy --yes
mv "$work/templates" "$MACHINE_HOME/templates"
rm -rf src/*/bin tests/*/bin
echo "== builds in a thawed machine"
machine image warm
machine start
sample_build "thawed" "$tool"
machine destroy --yes
