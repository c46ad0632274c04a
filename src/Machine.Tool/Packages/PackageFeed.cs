using Machine.Tool.Machinefiles.Sources;
using Machine.Tool.Packages.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Packages;

/// <summary>
/// The NuGet v3 feed of one machine, below /nuget/: the only one that its guest knows. Upstream are the host's own sources;
/// credentials and addresses stay on the host.
/// </summary>
internal sealed class PackageFeed : IDisposable
{
    // NuGet itself asks for at most 16 (or twice the processors) at once.
    private readonly SemaphoreSlim slots = new(64);
    private readonly FeedRequests requests;
    private readonly Uri? address;
    private readonly string? guestAddress;
    private readonly ILogger log;

    /// <param name="project">The project's files as they were approved; null: the configuration of the user and of this host alone.</param>
    /// <param name="packagesFolder">The host's store (<see cref="Hosting.MachinePaths.Packages"/>).</param>
    /// <param name="address">How the guest reaches this server; null takes the request's own host name, loopback only.</param>
    /// <param name="rules">Which packages may enter; null: every one.</param>
    /// <param name="userFiles">The user's configuration, the nearest file first; null: what NuGet finds on this host.</param>
    /// <param name="guestAddress">The address of the guest's that its containers ask, too; null where there is none.</param>
    public PackageFeed(
        ProjectSources? project, string packagesFolder, PackageLog entered, ILogger log, Uri? address = null, IReadOnlyList<string>? userFiles = null, PackageRules? rules = null, string? guestAddress = null)
    {
        (this.address, this.guestAddress) = (address, guestAddress);
        this.log = log;
        requests = new FeedRequests(project ?? ProjectSources.None, userFiles, packagesFolder, entered, rules ?? new PackageRules(null), log);
    }

    /// <summary>Takes the project's files as they were approved since.</summary>
    public void Use(ProjectSources project) => requests.Use(project);

    /// <summary>Takes the project's folder, whose lock files stand in for dates that a source does not give.</summary>
    public void UseLocked(string project) => requests.UseLocked(project);

    public void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.Map("/nuget/{**path}", context => FeedResponse.GuardAsync(
            context, slots, log, () => requests.AnswerAsync(context, FeedAddress.Of(context.Request, address, guestAddress))));

    /// <summary>Downloads and verifies what a restore will ask for. Some at a time: what the guest asks for itself goes beside it.</summary>
    public Task FetchAsync(IEnumerable<(string Id, string Version)> packages, CancellationToken cancel) =>
        Parallel.ForEachAsync(
            packages,
            new ParallelOptions { MaxDegreeOfParallelism = 6, CancellationToken = cancel },
            async (package, token) => await requests.FetchAsync(package.Id, package.Version, token));

    public void Dispose()
    {
        requests.Dispose();
        slots.Dispose();
    }
}
