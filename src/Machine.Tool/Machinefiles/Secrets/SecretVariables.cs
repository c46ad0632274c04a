namespace Machine.Tool.Machinefiles.Secrets;

/// <summary>The variables by which programs inside find what carries a secret.</summary>
internal static class SecretVariables
{
    // Clients of models want a key before they ask for anything; this host puts another in its place.
    private const string NoKey = "held-by-the-host";

    public static IEnumerable<(string Name, string Value)> Of(Secret secret)
    {
        yield return ("MACHINE_SECRET_" + secret.Name, secret.Address);
        switch (secret.Api)
        {
            case ModelApi.Anthropic:
                yield return ("ANTHROPIC_BASE_URL", secret.Address);
                yield return ("ANTHROPIC_API_KEY", NoKey);
                break;
            case ModelApi.OpenAi:
                yield return ("OPENAI_BASE_URL", secret.Address + "/v1");
                yield return ("OPENAI_API_KEY", NoKey);
                break;
        }
    }
}
