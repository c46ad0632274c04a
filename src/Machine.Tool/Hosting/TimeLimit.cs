using System.Globalization;

namespace Machine.Tool.Hosting;

/// <summary>
/// How long this tool waits for a program, a guest or an emulator before it gives up: what is enough on a usual host, times a factor for one
/// that is crowded, or itself emulated.
/// </summary>
internal static class TimeLimit
{
    public const string Variable = "MACHINE_PATIENCE";

    private const double Most = 100;

    private static readonly string? Factor = Environment.GetEnvironmentVariable(Variable);

    /// <exception cref="MachineException">The variable is no factor.</exception>
    public static void Require()
    {
        if (Parse(Factor) is null)
        {
            throw new MachineException($"{Variable} is '{Factor}'", $"it can be a number from 1 to {Most}: how many times longer than usual to wait; or unset it", ExitCode.Usage);
        }
    }

    /// <summary>Of a match of one of our own regular expressions: a processor that others use may leave it without a turn for seconds.</summary>
    public static TimeSpan OfPattern => Seconds(30);

    public static TimeSpan Seconds(double usual) => Of(TimeSpan.FromSeconds(usual), Factor);

    public static TimeSpan Minutes(double usual) => Of(TimeSpan.FromMinutes(usual), Factor);

    /// <summary>A wait that is always spent whole, or that a guest can make so: a tenth of the greatest factor at most.</summary>
    public static TimeSpan Settle(double usual) => TimeSpan.FromSeconds(Math.Min(Seconds(usual).TotalSeconds, usual * 10));

    // What can't be read counts as 1 here: an exception in an initializer would have no message. Require says what is wrong.
    internal static TimeSpan Of(TimeSpan usual, string? factor) => usual * (Parse(factor) ?? 1);

    private static double? Parse(string? text) =>
        string.IsNullOrEmpty(text) ? 1
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var factor) && factor is >= 1 and <= Most ? factor
        : null;
}
