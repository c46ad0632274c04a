using Machine.Tool.Machinefiles.Secrets;

namespace Machine.Tool.Doors.Secrets;

/// <summary>
/// Which calls of a model's API tell in their own answer what they took, or take nothing. Where a number of tokens is agreed to, no others are carried: batches, files, images
/// and the like are paid for elsewhere, or later.
/// </summary>
internal static class ModelCalls
{
    private static readonly string[] Anthropic = ["POST /v1/messages", "POST /v1/messages/count_tokens", "GET /v1/models"];
    private static readonly string[] OpenAi = ["POST /v1/chat/completions", "POST /v1/responses", "POST /v1/embeddings", "GET /v1/models"];

    /// <param name="target">Of the request, undecoded.</param>
    public static bool Tells(ModelApi api, string method, string target) =>
        (api == ModelApi.Anthropic ? Anthropic : OpenAi).Contains($"{method} {target.Split('?')[0]}", StringComparer.Ordinal);
}
