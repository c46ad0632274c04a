using Machine.Tool.Hosting;

namespace Machine.Tool.Control;

/// <summary>
/// What a client says of the command it wants to run. Written as fields, not as JSON: what a serializer and an encoder need to begin takes
/// a process that has just started longer than all else that it does here (docs/measured.md).
/// </summary>
/// <param name="Display">For <c>status</c>.</param>
/// <param name="Order">Null for a lease alone: the client does with it what it wants.</param>
internal sealed record ExecRequest(string Display, ExecOrder? Order = null)
{
    // Far more than a command line and its variables hold.
    private const int MostWords = 1_000_000;

    public ReadOnlySpan<byte> ToFields()
    {
        var fields = new FieldWriter().Add(Display).Add(Order is null ? 0 : 1);
        if (Order is not null)
        {
            fields.Add(Order.Directory).Add(Order.Arguments.Count);
            foreach (var argument in Order.Arguments)
            {
                fields.Add(argument);
            }

            // A name cannot hold an equals sign: one without a value has none.
            fields.Add(Order.Variables.Count);
            foreach (var (name, value) in Order.Variables)
            {
                fields.Add(value is null ? name : $"{name}={value}");
            }

            fields.Add(Order.Environment.Count);
            foreach (var (name, value) in Order.Environment)
            {
                fields.Add($"{name}={value}");
            }
        }

        return fields.Written;
    }

    /// <exception cref="InvalidDataException">It is no request.</exception>
    /// <exception cref="EndOfStreamException">The fields end early.</exception>
    public static ExecRequest Read(FieldReader fields)
    {
        var display = fields.Text();
        return new ExecRequest(display, fields.Number(1) == 0 ? null : new ExecOrder(
            fields.Text(),
            [.. Many(fields, fields.Bytes)],
            Variables(fields, absent: null),
            Variables(fields, absent: "")!));
    }

    private static Dictionary<string, string?> Variables(FieldReader fields, string? absent)
    {
        var variables = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var pair in Many(fields, fields.Text).Select(text => text.Split('=', 2)))
        {
            variables[pair[0]] = pair.Length == 2 ? pair[1] : absent;
        }

        return variables;
    }

    private static List<T> Many<T>(FieldReader fields, Func<T> read)
    {
        var many = new List<T>();
        for (var left = fields.Number(MostWords); left > 0; left--)
        {
            many.Add(read());
        }

        return many;
    }
}
