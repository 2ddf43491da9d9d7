using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.Gateway.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>
/// Looks again, while a run is followed, whether its follower may still see it: a key can be withdrawn, a token can expire, a
/// role can be taken away and a run can be erased while a stream is open.
/// </summary>
internal sealed class StreamAccess(HttpContext http, string? runId, TimeProvider time)
{
    /// <summary>How long an answer holds.</summary>
    private static readonly TimeSpan Holds = TimeSpan.FromSeconds(1);

    private readonly CallerAuthentication _callers = http.RequestServices.GetRequiredService<CallerAuthentication>();
    private readonly RunAccess _access = http.RequestServices.GetRequiredService<RunAccess>();
    private long _last = time.GetTimestamp();

    /// <summary>Determines whether the stream may go on.</summary>
    public async ValueTask<bool> HoldsAsync()
    {
        if (time.GetElapsedTime(_last) < Holds)
        {
            return true;
        }

        RecognisedCaller? recognised;
        try
        {
            recognised = await _callers.RecogniseAsync(http);
            if (recognised is null
                || (runId is not null && !await _access.MaySeeAsync(recognised.Caller, runId, http.RequestAborted)))
            {
                return false;
            }
        }
        catch (ProblemException)
        {
            return false;
        }

        // What is shown goes by the roles that the follower has now.
        http.Features.Set(recognised.Caller);
        _last = time.GetTimestamp();
        return true;
    }
}
