using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>Reads what QEMU said as something that may say anything.</summary>
internal static class QmpAnswer
{
    /// <summary>A member's text; null where there is none.</summary>
    public static string? TextOf(this JsonElement answer, string name) =>
        answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <exception cref="MachineException">There is none.</exception>
    public static string RequireText(this JsonElement answer, string name) =>
        answer.TextOf(name) ?? throw new MachineException($"QEMU's answer has no {name}", exitCode: ExitCode.MachineUnavailable);
}
