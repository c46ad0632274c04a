namespace Sample._1;

public static class Api
{
    /// <summary>The whole application, not yet started.</summary>
    public static WebApplication Create(params string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        var app = builder.Build();
        app.MapGet("/", () => "Hello from " + Environment.MachineName);
        app.MapGet("/forecast/{days:int}", (int days) => Enumerable.Range(1, Math.Clamp(days, 1, 14)).Select(day => new Forecast(
            DateOnly.FromDateTime(DateTime.UtcNow.AddDays(day)), Random.Shared.Next(-10, 35))));
        return app;
    }
}

public sealed record Forecast(DateOnly Date, int Celsius);
