using AgentFunctions.Runs;

namespace AgentFunctions.Models.Resilience;

/// <summary>
/// How many calls of one model may be under way in this process. The number grows while the provider takes them and falls
/// when it refuses one for load: doubled round by round until the first refusal, then additive increase and multiplicative
/// decrease, slower near the last refusal, so that many runs find the provider's limit soon and without a storm. Who waits is
/// let in by age, with a head start for the urgent: nobody waits for ever.
/// </summary>
/// <param name="most">The most calls at once.</param>
/// <param name="time">The clock.</param>
internal sealed class ModelGate(int most, TimeProvider time)
{
    /// <summary>Where every gate begins: few enough for a small account, and a large one is reached within a few calls' time.</summary>
    private const int First = 8;

    /// <summary>What is left of the number after a refusal.</summary>
    private const double Decrease = 0.85;

    /// <summary>How many full rounds of calls must pass near the last refusal before one more is tried there.</summary>
    private const int RoundsNearCeiling = 8;

    private static readonly TimeSpan NormalDelay = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LowDelay = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly PriorityQueue<Waiter, (long Due, long Order)> _waiting = new();
    private double _limit = Math.Min(First, most);
    private bool _wasRefused;
    private double _ceiling = double.PositiveInfinity;
    private int _active;
    private long _order;
    private long _begun;
    private long _begunAtDecrease;

    /// <summary>The number at present.</summary>
    public int Limit
    {
        get
        {
            lock (_gate)
            {
                return (int)_limit;
            }
        }
    }

    /// <summary>Waits for a place.</summary>
    /// <param name="priority">How urgent the call is.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The place; dispose of it when the call is over.</returns>
    public async Task<Place> EnterAsync(RunPriority priority, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (_gate)
        {
            if (_active < (int)_limit && _waiting.Count == 0)
            {
                return Admit();
            }

            waiter = new Waiter();
            long due = time.GetTimestamp() + (long)(DelayOf(priority).TotalSeconds * time.TimestampFrequency);
            _waiting.Enqueue(waiter, (due, _order++));
            AdmitWaiting();
        }

        using (cancellationToken.Register(static state => ((Waiter)state!).TrySetCanceled(), waiter))
        {
            return await waiter.Task.ConfigureAwait(false);
        }
    }

    /// <summary>The provider refused a call for load.</summary>
    public void Refused()
    {
        lock (_gate)
        {
            // The calls that were under way at the last decrease say nothing about the number after it.
            if (_begun - _begunAtDecrease < _active)
            {
                return;
            }

            // Where it was doubled, the half is the last number that is known to be taken.
            double kept = !_wasRefused && _limit > First ? 0.5 : Decrease;
            _wasRefused = true;
            _ceiling = _limit;
            _limit = Math.Max(1, Math.Floor(_limit * kept));
            _begunAtDecrease = _begun;
        }
    }

    private void Leave(bool succeeded)
    {
        lock (_gate)
        {
            _active--;
            // A number that was not in use proves nothing.
            if (succeeded && _waiting.Count > 0)
            {
                double step = _wasRefused ? 1 / _limit : 1;
                _limit = Math.Min(most, _limit + (_limit + 1 >= _ceiling ? step / RoundsNearCeiling : step));
                _ceiling = _limit > _ceiling + 1 ? double.PositiveInfinity : _ceiling;
            }

            AdmitWaiting();
        }
    }

    private void AdmitWaiting()
    {
        while (_active < (int)_limit && _waiting.TryDequeue(out Waiter? waiter, out _))
        {
            Place place = Admit();
            if (!waiter.TrySetResult(place))
            {
                // It has given up.
                _active--;
            }
        }
    }

    private Place Admit()
    {
        _active++;
        _begun++;
        return new Place(this);
    }

    private static TimeSpan DelayOf(RunPriority priority) => priority switch
    {
        RunPriority.High => TimeSpan.Zero,
        RunPriority.Normal => NormalDelay,
        _ => LowDelay,
    };

    /// <summary>One call's place.</summary>
    internal sealed class Place(ModelGate gate) : IDisposable
    {
        private int _left;

        /// <summary>Set when the call has succeeded.</summary>
        public bool Succeeded { get; set; }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                gate.Leave(Succeeded);
            }
        }
    }

    private sealed class Waiter() : TaskCompletionSource<Place>(TaskCreationOptions.RunContinuationsAsynchronously);
}
