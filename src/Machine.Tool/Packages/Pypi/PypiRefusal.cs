using Microsoft.AspNetCore.Http;

namespace Machine.Tool.Packages.Pypi;

/// <summary>
/// Has pip print why it gets nothing. Of a page that fails it says nothing but that no version was found, whatever the status; only the type of one that it can't
/// read is printed, so there stands the reason. Of a file it prints the status line, but asks again at 5xx and then prints only that it did.
/// </summary>
internal static class PypiRefusal
{
    public static async Task TellAsync(HttpContext context, Func<Task> answer)
    {
        try
        {
            await answer();
        }
        catch (Exception e) when (e is FeedException or Hosting.MachineException && !context.Response.HasStarted)
        {
            var status = e is FeedException refused ? refused.Status : StatusCodes.Status502BadGateway;
            var isPage = context.Request.Path.StartsWithSegments("/pypi/simple", StringComparison.Ordinal);
            if (isPage && status != StatusCodes.Status404NotFound && context.Request.Headers.UserAgent.ToString().StartsWith("pip/", StringComparison.Ordinal))
            {
                context.Response.Clear();
                await FeedResponse.BytesAsync(context, "see the type of this answer"u8.ToArray(), Redaction.Reason(e.Message));
                return;
            }

            throw status < StatusCodes.Status500InternalServerError ? e : new FeedException(StatusCodes.Status424FailedDependency, e.Message, e);
        }
    }
}
