using System.Globalization;
using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Doors.Secrets;

/// <summary>
/// How many tokens a machine's models took today. The file in its folder keeps it over stops; what counts while this process runs is its own memory, for a
/// guest can fill the host's disk.
/// </summary>
internal sealed class TokenBudget(string file, TimeProvider time)
{
    private readonly Lock gate = new();
    private TokensOfDay? known;

    private string Today => time.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <param name="secret">Its name.</param>
    public long Spent(string secret)
    {
        lock (gate)
        {
            return Read().Tokens.GetValueOrDefault(secret);
        }
    }

    public void Add(string secret, long tokens)
    {
        lock (gate)
        {
            var day = Read();
            day.Tokens[secret] = day.Tokens.GetValueOrDefault(secret) + tokens;
            try
            {
                JsonState.Write(file, day);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The next one that can be written has all of it.
            }
        }
    }

    /// <summary>Until tomorrow.</summary>
    public TimeSpan Left => time.GetUtcNow().UtcDateTime.Date.AddDays(1) - time.GetUtcNow().UtcDateTime;

    private TokensOfDay Read()
    {
        if (known?.Day != Today)
        {
            known = Kept() is { } day && day.Day == Today ? day : new TokensOfDay(Today, []);
        }

        return known;
    }

    private TokensOfDay? Kept()
    {
        try
        {
            return JsonState.Read<TokensOfDay>(file);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            // Cut off by a crash of this host: what was taken before it today is not known.
            return null;
        }
    }

    private sealed record TokensOfDay(string Day, Dictionary<string, long> Tokens);
}
