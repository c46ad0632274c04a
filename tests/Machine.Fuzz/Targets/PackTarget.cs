using Machine.Tool.Workspaces.Listing;


namespace Machine.Fuzz.Targets;

/// <summary>Root of the guest wrote the contents of files. Two bytes say how many were announced, the rest is the stream.</summary>
internal static class PackTarget
{
    public static FuzzTarget Target { get; } = new("pack", Run, "\0\u0003\0\0\0\u0003abc\0\0\0\0k", "\0\0\0\0k", "\0\0\0\0c", "\0\u0010\0\0", "\0\u0010\0\u0001");

    private static void Run(byte[] input)
    {
        if (input.Length < 2)
        {
            return;
        }

        var announced = (input[0] << 8) | input[1];
        Promise.Holds(Copy(input[2..], announced, int.MaxValue) == Copy(input[2..], announced, 3), "in pieces it reads differently");
    }

    private static string Copy(byte[] input, int announced, int pieces)
    {
        using var stream = new PiecesStream(input, pieces);
        var file = new PackedFile(new GuestReader(stream, CancellationToken.None), announced);
        using var target = new MemoryStream();
        try
        {
            file.CopyToAsync(target).GetAwaiter().GetResult();
            file.CopyToAsync(target).GetAwaiter().GetResult();
        }
        catch (GuestProtocolException)
        {
            Promise.Holds(!file.IsWhole, "a broken frame is a whole file");
        }

        Promise.Holds(target.Length <= announced, "more bytes than announced");
        Promise.Holds(!file.IsWhole || target.Length == announced, "fewer bytes are whole");
        return $"{file.IsWhole} {Convert.ToHexString(target.ToArray())}";
    }
}
