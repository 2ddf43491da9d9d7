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
internal sealed class AdaptiveConcurrencyLimiter(int most, TimeProvider time)
{
    /// <summary>
    /// Where every gate begins: few enough for a small account, and a large one is reached within a few calls' time.
    /// </summary>
    private const int First = 8;

    /// <summary>What is left of the number after a refusal.</summary>
    private const double Decrease = 0.85;

    /// <summary>How many full rounds of calls must pass near the last refusal before one more is tried there.</summary>
    private const int RoundsNearCeiling = 8;

    /// <summary>For so many places one call more is called up, to be ready when the next of them is free.</summary>
    private const int PlacesPerNext = 2;

    private static readonly TimeSpan NormalDelay = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LowDelay = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly PriorityQueue<Waiter<Place>, (long Due, long Order)> _waiting = new();
    private readonly Queue<Waiter<bool>> _ready = new();
    private double _limit = Math.Min(First, most);
    private bool _wasRefused;
    private double _ceiling = double.PositiveInfinity;
    private int _active;
    private int _calledUp;
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

    private bool HasRoom => _calledUp < (int)_limit + ((int)_limit / PlacesPerNext);

    /// <summary>
    /// Waits until the call is under way or among the few that come next: time to write down what must be on record before it
    /// begins, so that a place is never held for that.
    /// </summary>
    /// <param name="priority">How urgent the call is.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>What waits for its place with <see cref="Place.BeginAsync"/>; dispose of it when the call is over.</returns>
    public async Task<Place> EnterAsync(RunPriority priority, CancellationToken cancellationToken)
    {
        Waiter<Place> waiter;
        lock (_gate)
        {
            if (_waiting.Count == 0 && HasRoom)
            {
                return CallUp();
            }

            waiter = new Waiter<Place>();
            long due = time.GetTimestamp() + (long)(DelayOf(priority).TotalSeconds * time.TimestampFrequency);
            _waiting.Enqueue(waiter, (due, _order++));
            Advance();
        }

        return await waiter.WaitAsync(cancellationToken).ConfigureAwait(false);
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

    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        Waiter<bool> waiter;
        lock (_gate)
        {
            if (_ready.Count == 0 && _active < (int)_limit)
            {
                Begin();
                return;
            }

            waiter = new Waiter<bool>();
            _ready.Enqueue(waiter);
            Advance();
        }

        await waiter.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private void Leave(bool hadBegun, bool succeeded)
    {
        lock (_gate)
        {
            _calledUp--;
            _active -= hadBegun ? 1 : 0;
            // A number that was not in use proves nothing.
            if (succeeded && _waiting.Count + _ready.Count > 0)
            {
                double step = _wasRefused ? 1 / _limit : 1;
                _limit = Math.Min(most, _limit + (_limit + 1 >= _ceiling ? step / RoundsNearCeiling : step));
                _ceiling = _limit > _ceiling + 1 ? double.PositiveInfinity : _ceiling;
            }

            Advance();
        }
    }

    /// <summary>Lets in whom there is room for.</summary>
    private void Advance()
    {
        while (_active < (int)_limit && _ready.TryDequeue(out Waiter<bool>? ready))
        {
            if (ready.TrySetResult(true))
            {
                Begin();
            }
        }

        while (HasRoom && _waiting.TryDequeue(out Waiter<Place>? waiter, out _))
        {
            Place place = CallUp();
            if (!waiter.TrySetResult(place))
            {
                // It has given up.
                _calledUp--;
            }
        }
    }

    private Place CallUp()
    {
        _calledUp++;
        return new Place(this);
    }

    private void Begin()
    {
        _active++;
        _begun++;
    }

    private static TimeSpan DelayOf(RunPriority priority) => priority switch
    {
        RunPriority.High => TimeSpan.Zero,
        RunPriority.Normal => NormalDelay,
        _ => LowDelay,
    };

    /// <summary>One call's place, or the promise of one.</summary>
    internal sealed class Place(AdaptiveConcurrencyLimiter gate) : IDisposable
    {
        private int _left;

        /// <summary>Gets or sets whether the call has begun.</summary>
        public bool HasBegun { get; private set; }

        /// <summary>Set when the call has succeeded.</summary>
        public bool Succeeded { get; set; }

        /// <summary>Waits until the call may begin.</summary>
        /// <param name="cancellationToken">The token to cancel the wait.</param>
        public async Task BeginAsync(CancellationToken cancellationToken)
        {
            await gate.BeginAsync(cancellationToken).ConfigureAwait(false);
            HasBegun = true;
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                gate.Leave(HasBegun, Succeeded);
            }
        }
    }

    private sealed class Waiter<T>() : TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public async Task<T> WaitAsync(CancellationToken cancellationToken)
        {
            using (cancellationToken.Register(static (waiter, token) => ((Waiter<T>)waiter!).TrySetCanceled(token), this))
            {
                return await Task.ConfigureAwait(false);
            }
        }
    }
}
