using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.AspNetCore.Problems;

/// <summary>What the API writes to the host's log; event ids from 3000.</summary>
internal static partial class ApiLog
{
    [LoggerMessage(3000, LogLevel.Error, "{Method} {Path} failed unexpectedly.")]
    public static partial void Unexpected(ILogger logger, string method, string path, Exception error);

    [LoggerMessage(3001, LogLevel.Warning, "{Method} {Path}: the engine is not available.")]
    public static partial void Unavailable(ILogger logger, string method, string path, Exception error);

    [LoggerMessage(3002, LogLevel.Warning, "The keys of {Issuer} could not be fetched: {Problem}")]
    public static partial void IssuerKeysNotFetched(ILogger logger, string issuer, string problem);

    [LoggerMessage(3003, LogLevel.Error, "{Method} {Path}: its stream was broken off, since it could not be read on.")]
    public static partial void StreamBroken(ILogger logger, string method, string path, Exception error);

    /// <summary>Writes down an error if it is the host's own, of which a client is not told what it is.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="method">The method of the request.</param>
    /// <param name="path">Its path, or what a door calls it.</param>
    /// <param name="error">The error.</param>
    public static void OfHost(IServiceProvider services, string method, string path, AgentException error)
    {
        int status = ErrorStatus.Of(error.Code);
        if (status < StatusCodes.Status500InternalServerError)
        {
            return;
        }

        ILogger logger = services.GetRequiredService<ILogger<ProblemMiddleware>>();
        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            Unavailable(logger, method, path, error);
        }
        else
        {
            Unexpected(logger, method, path, error);
        }
    }
}
