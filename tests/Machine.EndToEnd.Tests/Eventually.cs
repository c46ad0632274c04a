namespace Machine.EndToEnd.Tests;

/// <summary>Waits for a condition, with a deadline.</summary>
public static class Eventually
{
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan deadline)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (!await condition())
        {
            clock.Elapsed.ShouldBeLessThan(deadline);
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
    }
}
