# Vagrant with its libvirt provider: the same base system, the same accelerator, its own defaults.
if ! command -v vagrant >/dev/null || ! vagrant plugin list 2>/dev/null | grep -q libvirt; then
  echo "| Vagrant | not measured: vagrant with vagrant-libvirt is not installed | | |" >>"$rows"
else
  echo "| Vagrant | not measured: no box to be had without its registry | | |" >>"$rows"
fi
