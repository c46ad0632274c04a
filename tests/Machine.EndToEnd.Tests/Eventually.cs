using Machine.Tool.Hosting;

namespace Machine.EndToEnd.Tests;

/// <summary>Waits for a condition, with a deadline, times the factor of MACHINE_PATIENCE.</summary>
public static class Eventually
{
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan deadline)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (!await condition())
        {
            clock.Elapsed.ShouldBeLessThan(deadline * TimeLimit.Seconds(1).TotalSeconds);
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
    }
}
