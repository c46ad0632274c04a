using System.Globalization;
using System.Text.Json;
using Machine.Tool.Packages.Rules;
using NuGet.Versioning;

namespace Machine.Tool.Packages;

/// <summary>Which versions of a package's document the rules keep out, by the dates of its <c>time</c>. Pure: the document and a rule decide.</summary>
/// <param name="Refused">By version.</param>
/// <param name="Newest">The newest version that passes; null where none does.</param>
internal sealed record NpmJudgement(IReadOnlyDictionary<string, Refusal> Refused, string? Newest)
{
    public static NpmJudgement None { get; } = new(new Dictionary<string, Refusal>(), null);

    private IReadOnlyList<(string Text, NuGetVersion Parsed)> Passing { get; init; } = [];

    /// <param name="judge">Takes a version and its date, null where the document has none.</param>
    /// <exception cref="JsonException">It is no package document.</exception>
    public static NpmJudgement Of(JsonElement document, Func<string, DateTimeOffset?, Refusal?>? judge)
    {
        if (judge is null || !document.TryGetProperty("versions", out _))
        {
            return None;
        }

        var dates = DatesOf(document);
        var refused = new Dictionary<string, Refusal>(StringComparer.Ordinal);
        var passing = new List<(string Text, NuGetVersion Parsed)>();
        // A document that has a member twice is read as a whole.
        foreach (var version in document.EnumerateObject().Where(property => property.NameEquals("versions")).SelectMany(property => property.Value.EnumerateObject()))
        {
            if (judge(version.Name, dates.TryGetValue(version.Name, out var date) ? date : null) is { } refusal)
            {
                refused[version.Name] = refusal;
            }
            else if (NuGetVersion.TryParse(version.Name, out var parsed))
            {
                passing.Add((version.Name, parsed));
            }
        }

        var inOrder = passing.OrderBy(one => one.Parsed).ToList();
        return new NpmJudgement(refused, (inOrder.FindLast(one => !one.Parsed.IsPrerelease) is { Text: not null } stable ? stable : inOrder.LastOrDefault()).Text) { Passing = inOrder };
    }

    /// <summary>What a tag stands for when its own version is kept out: the newest one before it that passes; null where there is none.</summary>
    public string? InsteadOf(string version) =>
        NuGetVersion.TryParse(version, out var wanted)
            ? Passing.LastOrDefault(one => one.Parsed < wanted && (wanted.IsPrerelease || !one.Parsed.IsPrerelease)).Text
            : null;

    // Once: a document is searched from its end for each name, and has as many dates as versions.
    private static Dictionary<string, DateTimeOffset?> DatesOf(JsonElement document)
    {
        var dates = new Dictionary<string, DateTimeOffset?>(StringComparer.Ordinal);
        if (document.TryGetProperty("time", out var times) && times.ValueKind == JsonValueKind.Object)
        {
            foreach (var time in times.EnumerateObject())
            {
                dates[time.Name] = time.Value.ValueKind == JsonValueKind.String
                    && DateTimeOffset.TryParse(time.Value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date : null;
            }
        }

        return dates;
    }
}
