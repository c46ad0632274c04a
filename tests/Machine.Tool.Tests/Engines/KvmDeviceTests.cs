using System.Diagnostics;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Engines;

/// <summary>What keeps a user from KVM, and the words to type.</summary>
public sealed class KvmDeviceTests
{
    private static readonly UnixFile Device = new(0, 104, 0x2000 | 0x1B0, null, 0);

    private static readonly KvmFacts Ready = new()
    {
        Device = Device,
        WhyNotOpened = null,
        IsDenied = false,
        Module = "kvm_intel",
        IsGuest = false,
        GroupOfDevice = "kvm",
        IsMember = true,
        IsArm = false,
        IsContainer = false,
        IsRoot = false,
        User = "me",
    };

    private static readonly KvmFacts NotMine = Ready with { WhyNotOpened = "Access to the path is denied.", IsDenied = true };

    [Fact]
    public void One_that_opens_is_worth_a_probe() => KvmDevice.Problem(Ready).ShouldBeNull();

    [Theory]
    [InlineData("its module is not loaded", "there is no /dev/kvm, though the processor can", "sudo modprobe kvm_intel ")]
    [InlineData("the processor shows none", "virtualisation is switched off", "in the firmware's settings")]
    [InlineData("a virtual machine", "this host is itself a virtual machine", "-ExposeVirtualizationExtensions $true")]
    [InlineData("a container", "this container has no /dev/kvm", "--device /dev/kvm")]
    [InlineData("ARM", "there is no /dev/kvm", "EL2")]
    [InlineData("another's group", "for the group kvm, in which you are not", "sudo usermod -aG kvm me, then log out and in again")]
    [InlineData("a group of another name", "for the group virt, in which you are not", "sudo usermod -aG virt me")]
    [InlineData("a new group", "which you joined after you logged in", "newgrp kvm")]
    [InlineData("nobody's", "its mode is 0600", "sudo chgrp kvm /dev/kvm && sudo chmod 660 /dev/kvm")]
    [InlineData("no group's name", "the group of number 104", "getent group 104")]
    [InlineData("forbidden to root", "may not be opened", "which rule of this host forbids it")]
    [InlineData("forbidden in a container", "may not be opened", "--device /dev/kvm")]
    [InlineData("everybody's, and forbidden", "may not be opened", "which rule of this host forbids it")]
    [InlineData("a file", "/dev/kvm is no device", "sudo rm /dev/kvm")]
    [InlineData("busy", "does not open: Device or resource busy", "another hypervisor")]
    public void What_is_missing_is_told_in_words_to_type(string what, string message, string fix)
    {
        var problem = KvmDevice.Problem(what switch
        {
            "its module is not loaded" => Ready with { Device = null },
            "the processor shows none" => Ready with { Device = null, Module = null },
            "a virtual machine" => Ready with { Device = null, Module = null, IsGuest = true },
            "a container" => Ready with { Device = null, IsContainer = true },
            "ARM" => Ready with { Device = null, Module = null, IsArm = true },
            "another's group" => NotMine with { IsMember = false },
            "a group of another name" => NotMine with { IsMember = false, GroupOfDevice = "virt" },
            "a new group" => NotMine,
            "nobody's" => NotMine with { Device = Device with { Mode = 0x2000 | 0x180 } },
            "no group's name" => NotMine with { GroupOfDevice = null },
            "everybody's, and forbidden" => NotMine with { Device = Device with { Mode = 0x2000 | 0x1B6 } },
            "forbidden to root" => NotMine with { IsRoot = true },
            "forbidden in a container" => NotMine with { IsContainer = true },
            "a file" => Ready with { Device = Device with { Mode = 0x8000 | 0x1B0 } },
            _ => Ready with { WhyNotOpened = "Device or resource busy" },
        }).ShouldNotBeNull();

        problem.Message.ShouldContain(message);
        problem.Fix.ShouldContain(fix);
    }

    [Fact]
    public void Groups_and_processors_are_read_as_the_system_writes_them()
    {
        KvmFacts.Group(104, "root:x:0:\nkvm:x:104:me,you\nbroken\nkvm2:x:1040:them").Members.ShouldBe(["me", "you"]);
        KvmFacts.Group(7, "root:x:0:").Name.ShouldBeNull();
        KvmFacts.Flags("processor\t: 0\nflags\t\t: fpu svm hypervisor\n\nprocessor\t: 1\nflags\t\t: vmx\n").ShouldBe(["fpu", "svm", "hypervisor"], ignoreOrder: true);
        KvmFacts.Flags("").ShouldBeEmpty();
    }

    [Fact]
    public void Whether_the_device_is_there_and_who_asks_are_this_hosts()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux' accelerator");
        var facts = KvmFacts.OfThisHost();

        (facts.Device is null).ShouldBe(!File.Exists(KvmFacts.DevicePath));
        using var id = Process.Start(new ProcessStartInfo("id", ["-u"]) { RedirectStandardOutput = true })!;
        facts.IsRoot.ShouldBe(id.StandardOutput.ReadToEnd().Trim() == "0");
    }
}
