using Machine.Tool.Doors.Secrets;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machinefiles.Restore;
using Machine.Tool.Machinefiles.Sources;
using Machine.Tool.Packages;
using Machine.Tool.Packages.Pypi;
using Machine.Tool.Packages.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>
/// What a guest may talk to, on a socket of its own: the package feed; npm's registry, Python's index, the distribution's archives and git where rules say so; servers with a secret. The control
/// API is another server on another socket, so no request of a guest can ever reach it.
/// </summary>
internal sealed class ServiceHost : IAsyncDisposable
{
    private readonly WebApplication application;
    private readonly PackageFeed feed;
    private readonly SecretEndpoint? secrets;
    private readonly PackageRules rules;
    private readonly IReadOnlyList<IDisposable> others;
    private readonly CancellationTokenSource ending = new();
    private Task fetching = Task.CompletedTask;

    private ServiceHost(WebApplication application, string socket, PackageFeed feed, SecretEndpoint? secrets, PackageRules rules, IReadOnlyList<IDisposable> others)
    {
        this.secrets = secrets;
        this.rules = rules;
        this.application = application;
        this.feed = feed;
        this.others = others;
        Socket = socket;
    }

    public string Socket { get; }

    /// <param name="project">The project's nuget.config files as they were approved; null for what is shared by projects.</param>
    /// <param name="machine">What serves a machine; null for an image build, which reaches the npm registry and the distribution's packages.</param>
    public static async Task<ServiceHost> StartAsync(
        string socket, ProjectSources? project, MachinePaths paths, string packagesLog, MachineServices? machine, ILoggerFactory logs, CancellationToken cancel)
    {
        var application = Create(socket, logs, limits =>
        {
            // A guest asks for packages; it sends nothing.
            limits.MaxRequestBodySize = 64 * 1024;
            limits.MaxConcurrentConnections = 256;
        });
        var entered = new PackageLog(packagesLog);
        var rules = new PackageRules(paths.PersonalRestore);
        var feed = new PackageFeed(project, paths.Packages, entered, logs.CreateLogger<PackageFeed>(), rules: rules, guestAddress: GuestLayout.OwnAddress);
        feed.Map(application);
        var npm = new NpmRegistry(paths.Packages, entered, logs.CreateLogger<NpmRegistry>(), refusal: () => machine?.Rules().Refuses(NetworkPresets.Npm), rules: rules, guestAddress: GuestLayout.OwnAddress);
        npm.Map(application);
        var pypi = new PypiIndex(
            paths.Packages,
            entered,
            logs.CreateLogger<PypiIndex>(),
            // No image needs it.
            () => (machine?.Rules() ?? NetworkRules.None).Refuses(NetworkPresets.Pypi),
            rules);
        pypi.Map(application);
        var apt = new AptArchive(
            HostArchives.FindAsync,
            logs.CreateLogger<AptArchive>(),
            () => machine?.Rules().Refuses(NetworkPresets.Apt));
        apt.Map(application);
        List<IDisposable> others = [npm, pypi, apt];
        if (machine?.Secrets is { } secrets)
        {
            // Before the paths of all others: at a secret's name every path is its server's.
            application.Use(secrets.HandleAsync);
            others.Add(secrets);
        }

        if (machine?.Git is { } git)
        {
            git.Map(application);
            others.Add(git);
        }

        if (machine?.Credentials is { } credentials)
        {
            others.Add(credentials);
        }

        await application.StartAsync(cancel);
        return new ServiceHost(application, socket, feed, machine?.Secrets, rules, others);
    }

    /// <summary>A bare Kestrel on a Unix socket that only this user can open.</summary>
    public static WebApplication Create(string socket, ILoggerFactory logs, Action<KestrelServerLimits> limits)
    {
        File.Delete(socket);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "dotnet-machine" });
        builder.Services.AddSingleton(logs);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            limits(server.Limits);
            server.ListenUnixSocket(socket);
        });
        return builder.Build();
    }

    /// <summary>Takes the project's nuget.config files and package rules as they were approved since.</summary>
    /// <param name="folder">The project's, whose lock files are looked at.</param>
    public void Use(ProjectSources project, RestoreSettings restore, string folder)
    {
        rules.Use(restore);
        feed.UseLocked(folder);
        feed.Use(project);
    }

    /// <summary>Takes the variables of whoever runs a command, for secrets that are among them.</summary>
    public void Take(IReadOnlyDictionary<string, string> environment) => secrets?.Take(environment);

    /// <summary>Begins to fetch what the project's lock files name, and returns at once.</summary>
    public void FetchLocked(string project) =>
        fetching = Task.Run(() => feed.FetchAsync(LockedPackages.Below(project), ending.Token));

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await fetching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await application.DisposeAsync();
        feed.Dispose();
        foreach (var service in others)
        {
            service.Dispose();
        }

        ending.Dispose();

        File.Delete(Socket);
    }
}
