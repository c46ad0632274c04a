namespace Machine.EndToEnd.Tests;

/// <summary>The time inside against the host's.</summary>
public static class Clock
{
    private const int Slack = 5; // seconds

    /// <param name="began">When the host asked. However slow the host is, the guest answered between then and now.</param>
    /// <param name="inside">What <c>date +%s</c> said.</param>
    public static void ShouldBeRight(DateTimeOffset began, string inside) =>
        long.Parse(inside).ShouldBeInRange(began.ToUnixTimeSeconds() - Slack, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + Slack);
}
