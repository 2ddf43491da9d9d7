using System.Globalization;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>
/// Counts the streams that are open, of the API and of all doors, and bounds them for each caller and for the host. A stream
/// holds a connection for as long as its client likes.
/// </summary>
internal sealed class OpenStreams(IOptions<ApiOptions> options)
{
    /// <summary>How long a client waits that is turned away: streams do not end by the second.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _ofCallers = new(StringComparer.Ordinal);
    private int _all;

    /// <summary>Gets how many are open.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _all;
            }
        }
    }

    /// <summary>Counts a stream until it is disposed of, which is when its request is over, however it ends.</summary>
    /// <param name="caller">Who opens it.</param>
    /// <returns>The stream's place.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.QuotaExceeded"/>: the caller has too many. <see cref="ErrorCode.Overloaded"/>: the host has.
    /// </exception>
    public IDisposable Open(Caller caller)
    {
        ApiOptions bounds = options.Value;
        lock (_gate)
        {
            int own = _ofCallers.GetValueOrDefault(caller.Id);
            Ensure(ErrorCode.QuotaExceeded, own, bounds.StreamsPerCaller, "Api:StreamsPerCaller", "close one of yours");
            Ensure(ErrorCode.Overloaded, _all, bounds.StreamsPerHost, "Api:StreamsPerHost", "open it later");
            _ofCallers[caller.Id] = own + 1;
            _all++;
        }

        return new Place(this, caller.Id);
    }

    private static void Ensure(ErrorCode code, int open, int most, string rule, string remedy)
    {
        if (most > 0 && open >= most)
        {
            throw new AgentException(
                code,
                string.Create(CultureInfo.InvariantCulture, $"Rule '{rule}': at most {most} streams are open at once; {remedy}."))
            {
                RetryAfter = Pause,
            };
        }
    }

    private void Close(string caller)
    {
        lock (_gate)
        {
            _all--;
            if (--_ofCallers[caller] == 0)
            {
                _ofCallers.Remove(caller);
            }
        }
    }

    private sealed class Place(OpenStreams streams, string caller) : IDisposable
    {
        private bool _isClosed;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _isClosed, true))
            {
                streams.Close(caller);
            }
        }
    }
}
