using System.Net.Http.Headers;
using System.Text;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Doors.Credentials;

/// <summary>A user name and a password of this host's user, for one server.</summary>
internal sealed record GitCredential(string User, string Password)
{
    public AuthenticationHeaderValue Basic => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}")));

    public override string ToString() => "a credential";
}

/// <summary>
/// Asks this host's git for credentials as git itself does, and tells it which were good: by the user's own configuration and helpers. Never in a repository, so that
/// no project's configuration is read, and never with a dialogue. Source: git-credential(1).
/// </summary>
/// <param name="variables">Beside this process's own.</param>
internal sealed class GitCredentials(IReadOnlyDictionary<string, string?>? variables = null) : IDisposable
{
    private const int MostCharacters = 64 * 1024;

    private static readonly TimeSpan Patience = TimeLimit.Seconds(30);

    // A supervisor that began within a hook has that hook's repository in its environment (git rev-parse --local-env-vars).
    private static readonly string[] OfRepository = ["GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_NAMESPACE"];

    // A guest can ask as often as it likes; a helper is one program at a time.
    private readonly SemaphoreSlim one = new(1);

    public void Dispose() => one.Dispose();

    /// <returns>Null where this host's git has none.</returns>
    /// <exception cref="MachineException">git is not installed.</exception>
    public async Task<GitCredential?> FillAsync(GitRepository repository, string path, CancellationToken cancel)
    {
        var result = await RunAsync("fill", Question(repository, path), cancel);
        if (result is not { ExitCode: 0, Output.Length: < MostCharacters })
        {
            return null;
        }

        var answer = result.Output.Split('\n').Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2).ToLookup(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        return answer["username"].LastOrDefault() is { } user && answer["password"].LastOrDefault() is { Length: > 0 } password ? new GitCredential(user, password) : null;
    }

    /// <summary>It was good: a helper may keep it.</summary>
    public Task ApproveAsync(GitRepository repository, string path, GitCredential credential, CancellationToken cancel) =>
        RunAsync("approve", Question(repository, path) + Answer(credential), cancel);

    /// <summary>It was not good: a helper forgets it.</summary>
    public Task RejectAsync(GitRepository repository, string path, GitCredential credential, CancellationToken cancel) =>
        RunAsync("reject", Question(repository, path) + Answer(credential), cancel);

    // A path is left out by git, unless the user's configuration wants it (credential.useHttpPath).
    private static string Question(GitRepository repository, string path) => $"protocol=https\nhost={GitRepository.Place(repository.Name, repository.Port)}\npath={path.Replace("%20", " ", StringComparison.Ordinal)}\n";

    private static string Answer(GitCredential credential) => $"username={credential.User}\npassword={credential.Password}\n";

    private async Task<ProgramResult?> RunAsync(string what, string input, CancellationToken cancel)
    {
        var environment = new Dictionary<string, string?>(variables ?? new Dictionary<string, string?>(), StringComparer.Ordinal);
        foreach (var name in OfRepository)
        {
            environment[name] = null;
        }

        environment["GIT_TERMINAL_PROMPT"] = "0";
        // Set and empty, it stands before core.askPass and SSH_ASKPASS.
        environment["GIT_ASKPASS"] = "";
        environment["SSH_ASKPASS"] = "";
        environment["GCM_INTERACTIVE"] = "never";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await one.WaitAsync(limit.Token);
        try
        {
            limit.CancelAfter(Patience);
            return await HostProgram.TryRunAsync(
                "git", ["-c", "credential.interactive=false", "credential", what], limit.Token, input + "\n", HostProgram.OutsideOfProjects, environment);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // A helper that waits for somebody who does not come.
            return null;
        }
        finally
        {
            one.Release();
        }
    }
}
