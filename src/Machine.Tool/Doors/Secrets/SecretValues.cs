using System.Collections.Concurrent;
using System.Text;
using Machine.Tool.Doors.Credentials;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machinefiles.Secrets;

namespace Machine.Tool.Doors.Secrets;

/// <summary>
/// The values of a machine's secrets, as headers. A variable's is the one of the last command that had it; a file is read for each request; what a program
/// prints is kept for a minute. They are in this process' memory and nowhere else.
/// </summary>
/// <param name="git">Whom this host's git asks.</param>
/// <param name="project">Its folder: no program of it is run.</param>
internal sealed class SecretValues(GitCredentials git, string project) : IDisposable
{
    private const int MostBytes = 16 << 10;
    private static readonly TimeSpan AskInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ProgramPatience = TimeLimit.Seconds(30);

    private readonly ConcurrentDictionary<string, string> variables = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (string? Value, string? Failure, DateTimeOffset Time)> printed = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim asking = new(1);

    public void Dispose() => asking.Dispose();

    /// <param name="environment">Variables of a client.</param>
    public void Take(IEnumerable<Secret> secrets, IReadOnlyDictionary<string, string> environment)
    {
        foreach (var name in secrets.Where(secret => secret.Origin == SecretOrigin.Environment).Select(secret => secret.Name))
        {
            if (environment.GetValueOrDefault(name) is { Length: > 0 } value)
            {
                variables[name] = value;
            }
        }
    }

    /// <summary>The header with the secret in it.</summary>
    /// <exception cref="SecretException">It can't be had, or no header can hold it.</exception>
    public async Task<(string Name, string Value)> HeaderAsync(Secret secret, CancellationToken cancel)
    {
        var value = (await ValueAsync(secret, cancel)).Trim();
        if (value.Length is 0 or > MostBytes || value.Any(c => c is < ' ' or > '~'))
        {
            throw new SecretException(value.Length == 0 ? $"the secret {secret.Name} is empty" : $"the secret {secret.Name} is nothing that a header can hold");
        }

        return secret.Header is { } header ? (header, value)
            : ("Authorization", secret.Origin == SecretOrigin.GitCredential ? value : "Bearer " + value);
    }

    private async Task<string> ValueAsync(Secret secret, CancellationToken cancel)
    {
        switch (secret.Origin)
        {
            case SecretOrigin.Environment:
                return variables.GetValueOrDefault(secret.Name)
                    ?? throw new SecretException($"the variable {secret.Name} was set for no command since this machine started");
            case SecretOrigin.File:
                try
                {
                    return FirstLine(SmallFile.ReadText(secret.Path!, MostBytes));
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    throw new SecretException($"the file {secret.Path} can't be read: {e.Message}", e);
                }

            default:
                return await PrintedAsync(secret, cancel);
        }
    }

    // A failure is kept as long: a guest that asks again and again opens no dialogue after another. Who hangs up ends no program.
    private async Task<string> PrintedAsync(Secret secret, CancellationToken cancel)
    {
        var key = string.Join('\0', secret.Identity);
        await asking.WaitAsync(cancel);
        try
        {
            if (!printed.TryGetValue(key, out var known) || DateTimeOffset.UtcNow - known.Time > AskInterval)
            {
                try
                {
                    known = (await AskAsync(secret, CancellationToken.None), null, DateTimeOffset.UtcNow);
                }
                catch (SecretException e)
                {
                    known = (null, e.Message, DateTimeOffset.UtcNow);
                }

                printed[key] = known;
            }

            return known.Value ?? throw new SecretException(known.Failure!);
        }
        finally
        {
            asking.Release();
        }
    }

    private async Task<string> AskAsync(Secret secret, CancellationToken cancel)
    {
        try
        {
            return secret.Origin == SecretOrigin.GitCredential ? await GitAsync(secret, cancel) : await ProgramAsync(secret.Command, cancel);
        }
        catch (MachineException e)
        {
            throw new SecretException(e.Message, e);
        }
    }

    private async Task<string> GitAsync(Secret secret, CancellationToken cancel) =>
        await git.FillAsync(new GitRepository(secret.Server, secret.Port, ""), "", cancel) is { } credential
            ? "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.User}:{credential.Password}"))
            : throw new SecretException($"git's credential helpers have no password for {secret.Target}");

    // In the root folder, so that nothing of a project is found by the program.
    private async Task<string> ProgramAsync(IReadOnlyList<string> words, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(ProgramPatience);
        try
        {
            var program = HostProgram.Resolve(words[0]);
            if (ProjectRoot.RealPath(program).StartsWith(Path.TrimEndingDirectorySeparator(project) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                throw new SecretException($"{words[0]} is found in the project ({program}), which is not run on this host");
            }

            var result = await HostProgram.TryRunAsync(program, words.Skip(1), limit.Token, folder: HostProgram.OutsideOfProjects);
            return result.ExitCode == 0 ? FirstLine(result.Output) : throw new SecretException($"{words[0]} ended with {result.ExitCode}: {Tainted.Line(result.Error)}");
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new SecretException($"{words[0]} did not end within {ProgramPatience.TotalSeconds:0} s", e);
        }
    }

    private static string FirstLine(string text) => text.Split('\n', 2)[0];
}
