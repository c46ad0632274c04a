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

    // A field that can't be read must not end the program in an initializer: Require says what is wrong with it.
    private static readonly double Factor = Parse(Environment.GetEnvironmentVariable(Variable)) ?? 1;

    /// <exception cref="MachineException">The variable is no factor.</exception>
    public static void Require(string? factor)
    {
        if (Parse(factor) is null)
        {
            throw new MachineException($"{Variable} is '{factor}'", $"it can be a number from 1 to {Most}: how many times longer than usual to wait; or unset it", ExitCode.Usage);
        }
    }

    public static TimeSpan Seconds(double usual) => TimeSpan.FromSeconds(usual * Factor);

    public static TimeSpan Minutes(double usual) => TimeSpan.FromMinutes(usual * Factor);

    private static double? Parse(string? text) =>
        string.IsNullOrEmpty(text) ? 1
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var factor) && factor is >= 1 and <= Most ? factor
        : null;
}
