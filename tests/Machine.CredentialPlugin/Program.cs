using NuGet.Protocol.Plugins;

// A credential provider as companies have them: NuGet starts it, and asks it over its standard streams.
// It reads who may sign in where from the folder MACHINE_TEST_PLUGIN (answers: "SERVER USER PASSWORD", a line each), and notes each
// question there (asked: "ADDRESS RETRY NON-INTERACTIVE").
var folder = Environment.GetEnvironmentVariable("MACHINE_TEST_PLUGIN") ?? throw new InvalidOperationException("MACHINE_TEST_PLUGIN is not set");
var handlers = new RequestHandlers();
handlers.TryAdd(MessageMethod.GetOperationClaims, new Handler<GetOperationClaimsRequest, GetOperationClaimsResponse>(
    request =>
    {
        if (request.PackageSourceRepository is { } source)
        {
            File.AppendAllText(Path.Combine(folder, "asked"), $"{source} False True\n");
        }

        return new GetOperationClaimsResponse(request.PackageSourceRepository is null ? [OperationClaim.Authentication] : []);
    }));
handlers.TryAdd(MessageMethod.Initialize, new Handler<InitializeRequest, InitializeResponse>(_ => new InitializeResponse(MessageResponseCode.Success)));
handlers.TryAdd(MessageMethod.SetLogLevel, new Handler<SetLogLevelRequest, SetLogLevelResponse>(_ => new SetLogLevelResponse(MessageResponseCode.Success)));
handlers.TryAdd(MessageMethod.SetCredentials, new Handler<SetCredentialsRequest, SetCredentialsResponse>(_ => new SetCredentialsResponse(MessageResponseCode.Success)));
handlers.TryAdd(MessageMethod.GetAuthenticationCredentials, new Handler<GetAuthenticationCredentialsRequest, GetAuthenticationCredentialsResponse>(request =>
{
    File.AppendAllText(Path.Combine(folder, "asked"), $"{request.Uri} {request.IsRetry} {request.IsNonInteractive}\n");
    var answers = Path.Combine(folder, "answers");
    var answer = (File.Exists(answers) ? File.ReadAllLines(answers) : []).Select(line => line.Split(' ')).FirstOrDefault(words => request.Uri.AbsoluteUri.StartsWith(words[0], StringComparison.Ordinal));
    return answer is null
        ? new GetAuthenticationCredentialsResponse(null, null, "not mine", null, MessageResponseCode.NotFound)
        : new GetAuthenticationCredentialsResponse(answer[1], answer[2], null, ["Basic"], MessageResponseCode.Success);
}));

using var plugin = await PluginFactory.CreateFromCurrentProcessAsync(handlers, ConnectionOptions.CreateDefault(), CancellationToken.None);
var closed = new TaskCompletionSource();
plugin.Closed += (_, _) => closed.TrySetResult();
plugin.Connection.Faulted += (_, _) => closed.TrySetResult();
await closed.Task;

internal sealed class Handler<TRequest, TResponse>(Func<TRequest, TResponse> answer) : IRequestHandler
    where TRequest : class
    where TResponse : class
{
    public CancellationToken CancellationToken => CancellationToken.None;

    public Task HandleResponseAsync(IConnection connection, Message request, IResponseHandler responseHandler, CancellationToken cancellationToken) =>
        responseHandler.SendResponseAsync(request, answer(MessageUtilities.DeserializePayload<TRequest>(request)!), cancellationToken);
}
