using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Restore;

namespace Machine.Tool.Packages.Rules;

/// <summary>
/// Which packages may enter now: the project's rules as they were approved for the last command, and this user's own for all projects, read
/// anew when their file changes. A package has to pass both.
/// </summary>
/// <param name="personal">The user's own, a <see cref="RestoreSettings"/> as JSON; null for none.</param>
internal sealed class PackageRules(string? personal)
{
    private readonly Lock gate = new();
    private RestoreRules project = RestoreRules.None;
    private RuleSet? current;
    private string? seen;

    public RuleSet Current()
    {
        lock (gate)
        {
            var stamp = personal is null ? "" : FileStamp.Of(personal);
            if (current is null || stamp != seen)
            {
                current = new RuleSet([new OwnedRules("the Machinefile", project), new OwnedRules("your own restore.json", Personal())]);
                seen = stamp;
            }

            return current;
        }
    }

    /// <summary>Takes the project's rules as they were approved since.</summary>
    public void Use(RestoreSettings next)
    {
        lock (gate)
        {
            project = next.ToRules();
            current = null;
        }
    }

    private RestoreRules Personal()
    {
        try
        {
            return personal is null ? RestoreRules.None : (JsonState.Read<RestoreSettings>(personal) ?? RestoreSettings.None).ToRules();
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or InvalidDataException or ArgumentNullException)
        {
            // What it keeps out is kept out by nobody else: so everything is.
            return RestoreRules.Nothing;
        }
    }
}
