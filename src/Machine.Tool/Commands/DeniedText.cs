using System.Globalization;
using Machine.Tool.Control;
using Machine.Tool.Hosting;

namespace Machine.Tool.Commands;

/// <summary>What is said of connections that were denied while a command ran. Servers and programs are the guest's word.</summary>
internal static class DeniedText
{
    // A name can have 253 characters: of a longer one the beginning tells enough.
    private const int MostOfServer = 100;
    private const int MostOfProgram = 40;

    /// <summary>One line: the first, how many more, and what to do.</summary>
    public static string Line(DeniedConnections denied)
    {
        if (denied.Servers is not [var first, ..])
        {
            return "connections were denied while this ran: dotnet machine network log";
        }

        var more = denied.Servers.Count - 1;
        var others = denied.Beyond > 0 ? string.Create(CultureInfo.InvariantCulture, $" and more than {more} more")
            : more > 0 ? string.Create(CultureInfo.InvariantCulture, $" and {more} more")
            : "";
        var by = Program(first) is { } program ? $" ({program})" : "";
        var remedy = first.Wish is { } wish ? $"dotnet machine network allow {Tainted.Line(wish, MostOfServer)}, or network log" : "dotnet machine network log";
        return string.Create(CultureInfo.InvariantCulture, $"denied while this ran: {Tainted.Line(first.Server, MostOfServer)}:{first.Port}{by}{others}: {remedy}");
    }

    /// <summary>The name of the program that asked, without its folder and arguments; null where it is not known.</summary>
    public static string? Program(DeniedServer server)
    {
        var word = (server.Program ?? "").Split(' ', 2)[0];
        var name = word[(word.LastIndexOf('/') + 1)..];
        return name.Length == 0 ? null : Tainted.Line(name, MostOfProgram);
    }
}
