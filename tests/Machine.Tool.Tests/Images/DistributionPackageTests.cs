using Machine.Tool.Hosting;
using Machine.Tool.Images.Distributions;

namespace Machine.Tool.Tests.Images;

public sealed class DistributionPackageTests
{
    [Theory]
    [InlineData("git")]
    [InlineData("g++")]
    [InlineData("libstdc++6")]
    [InlineData("libc6:arm64")]
    [InlineData("nodejs=18.19.0+dfsg-6~deb12u1")]
    [InlineData("python3.11")]
    public void A_packages_name_passes(string name) => Should.NotThrow(() => DistributionPackage.Check([name]));

    [Theory]
    [InlineData("./evil.deb")]
    [InlineData("/home/me/project/evil.deb")]
    [InlineData("evil.deb/../x")]
    [InlineData("sudo-")]
    [InlineData("?essential")]
    [InlineData("~nlib.*")]
    [InlineData("git,evil")]
    [InlineData("git/bookworm-backports")]
    [InlineData("--option")]
    [InlineData("git evil")]
    [InlineData("git\n")]
    [InlineData("")]
    public void What_the_package_manager_would_read_as_anything_else_is_refused(string name) =>
        Should.Throw<MachineException>(() => DistributionPackage.Check(["git", name])).Message.ShouldContain("packages:");
}
