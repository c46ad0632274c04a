namespace Machine.EndToEnd.Tests;

/// <summary>One running machine for all tests that need no machine of their own. Booting one takes most of a minute under emulation.</summary>
public sealed class SharedMachine : IAsyncLifetime
{
    public ProjectFolder Project { get; } = new("shared", "");

    public async ValueTask InitializeAsync()
    {
        // Once for all tests: what follows thaws in seconds, with hot build servers.
        (await ToolRun.RunAsync(Project.Path, ["image", "warm"], minutes: 40)).ShouldSucceed();
        (await Project.RunAsync("start")).ShouldSucceed();
    }

    public ValueTask DisposeAsync() => Project.DisposeAsync();
}

/// <summary>Tests of this collection share one machine and run one at a time.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class SharedMachineTests : ICollectionFixture<SharedMachine>
{
    public const string Name = "shared machine";
}
