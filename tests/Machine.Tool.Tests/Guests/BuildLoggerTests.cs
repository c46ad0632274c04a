using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Supervision;
using Machine.Tool.Tests.Machinefiles;
using Machine.Tool.Workspaces.Lower;

namespace Machine.Tool.Tests.Guests;

/// <summary>The logger of forwarded builds travels with the setup of every machine.</summary>
public sealed class BuildLoggerTests : IDisposable
{
    private readonly Scratch scratch = new();

    [Fact]
    public void The_setup_writes_the_assembly_that_holds_it()
    {
        var script = GuestSetup.Script(withFiles: true, scratch.Project, scratch.Read(""), HostUser.Current, [], DateTimeOffset.UtcNow, new SharedLower());

        var start = script.IndexOf($"base64 -d > {GuestLayout.BuildLogger} <<'", StringComparison.Ordinal);
        start.ShouldBePositive();
        var lines = script[start..].Split('\n');
        var bytes = Convert.FromBase64String(string.Concat(lines.Skip(1).TakeWhile(line => line != "MACHINE_END_OF_FILE")));
        using var assembly = new PEReader(new MemoryStream(bytes));
        var metadata = assembly.GetMetadataReader();
        metadata.TypeDefinitions.Select(handle => metadata.GetTypeDefinition(handle))
            .Select(type => $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}")
            .ShouldContain("Machine.Build.Guest.RecordLogger");
    }

    public void Dispose() => scratch.Dispose();
}
