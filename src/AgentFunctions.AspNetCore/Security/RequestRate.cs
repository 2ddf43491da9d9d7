using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>
/// Bounds how fast each caller asks; whoever has no valid credentials is counted by address, so that keys cannot be guessed fast.
/// </summary>
internal sealed class RequestRate : IDisposable
{
    /// <summary>For how many seconds' worth of requests a caller may ask at once.</summary>
    private const int BurstSeconds = 10;

    private readonly int _perSecond;
    private readonly PartitionedRateLimiter<string> _limiter;
    private readonly ClientAddress _addresses;

    public RequestRate(IOptions<ApiOptions> options, ClientAddress addresses)
    {
        _addresses = addresses;
        _perSecond = options.Value.RequestsPerSecond;
        _limiter = PartitionedRateLimiter.Create<string, string>(who => RateLimitPartition.GetTokenBucketLimiter(who,
            _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = BurstSeconds * _perSecond,
                TokensPerPeriod = _perSecond,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            }));
    }

    /// <summary>Counts a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="caller">Who makes it; <see langword="null"/> where it was not recognised.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.QuotaExceeded"/>: it comes too fast after others.</exception>
    public void Ensure(HttpContext context, Caller? caller)
    {
        // A host without keys serves its own machine alone.
        if (_perSecond == 0 || caller == Caller.Local)
        {
            return;
        }

        using RateLimitLease lease = _limiter.AttemptAcquire(caller?.Id ?? $"address:{_addresses.Of(context)}");
        if (!lease.IsAcquired)
        {
            throw new AgentException(
                ErrorCode.QuotaExceeded,
                string.Create(CultureInfo.InvariantCulture,
                    $"Rule 'Api:RequestsPerSecond': at most {_perSecond} requests a second; repeat it later."))
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            };
        }
    }

    public void Dispose() => _limiter.Dispose();
}
