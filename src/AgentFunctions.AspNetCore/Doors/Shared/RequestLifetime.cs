using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>
/// Bounds a request whose stream an SDK writes by <see cref="ApiOptions.StreamLifetime"/>: the SDK is told that its client has
/// left.
/// </summary>
internal static class RequestLifetime
{
    public static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        IServiceProvider services = context.RequestServices;
        if (services.GetRequiredService<IOptions<ApiOptions>>().Value.StreamLifetime is not { } longest)
        {
            await next(context);
            return;
        }

        CancellationToken aborted = context.RequestAborted;
        using var late = new CancellationTokenSource(longest, services.GetRequiredService<TimeProvider>());
        using var either = CancellationTokenSource.CreateLinkedTokenSource(aborted, late.Token);
        context.RequestAborted = either.Token;
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            context.Abort();
        }
        finally
        {
            context.RequestAborted = aborted;
        }
    }
}
