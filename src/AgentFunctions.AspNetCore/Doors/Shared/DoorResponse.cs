using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>The response to a request that an SDK answers, until that request is over.</summary>
/// <param name="http">The request.</param>
internal sealed class DoorResponse(HttpContext http)
{
    private readonly Lock _gate = new();
    private HttpContext? _http = http;

    /// <summary>Changes the head of the response as it begins. One that has begun, or is over, stays as it is.</summary>
    /// <param name="change">Makes the change.</param>
    public void Refuse(Action<HttpContext> change)
    {
        lock (_gate)
        {
            if (_http is { Response.HasStarted: false } open)
            {
                open.Response.OnStarting(() =>
                {
                    change(open);
                    return Task.CompletedTask;
                });
            }
        }
    }

    /// <summary>Lets go of the request, which the server may use again for another.</summary>
    public void End()
    {
        lock (_gate)
        {
            _http = null;
        }
    }
}
