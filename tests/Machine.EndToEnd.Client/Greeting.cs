using System.Text;
using Grpc.Core;

namespace Machine.EndToEnd.Client;

/// <summary>The method of gRPC that client and server of the tests speak: a text there, texts back as a stream.</summary>
public static class Greeting
{
    private static readonly Marshaller<string> Text = Marshallers.Create(Encoding.UTF8.GetBytes, Encoding.UTF8.GetString);

    public static Method<string, string> Method { get; } = new(MethodType.ServerStreaming, "test.Greeter", "Greet", Text, Text);
}
