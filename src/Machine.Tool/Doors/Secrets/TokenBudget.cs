using System.Globalization;
using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Doors.Secrets;

/// <summary>How many tokens a machine's models took today, kept over stops in its folder.</summary>
internal sealed class TokenBudget(string file, TimeProvider time)
{
    private readonly Lock gate = new();

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
            JsonState.Write(file, day with { Tokens = new Dictionary<string, long>(day.Tokens) { [secret] = day.Tokens.GetValueOrDefault(secret) + tokens } });
        }
    }

    /// <summary>Until tomorrow.</summary>
    public TimeSpan Left => time.GetUtcNow().UtcDateTime.Date.AddDays(1) - time.GetUtcNow().UtcDateTime;

    private TokensOfDay Read()
    {
        try
        {
            return JsonState.Read<TokensOfDay>(file) is { } day && day.Day == Today ? day : new TokensOfDay(Today, []);
        }
        catch (JsonException)
        {
            // Cut off by a crash of this host: what was taken before it today is not known.
            return new TokensOfDay(Today, []);
        }
    }

    private sealed record TokensOfDay(string Day, Dictionary<string, long> Tokens);
}
