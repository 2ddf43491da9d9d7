namespace AgentFunctions.Testing;

/// <summary>The moments at which the present host is to die.</summary>
internal sealed class Crashes
{
    private readonly Lock _gate = new();
    private readonly List<Moment> _armed = [];
    private HostLife _life = new();

    /// <summary>Whether the present host has died.</summary>
    public bool HasCrashed => Life.HasEnded;

    /// <summary>How many calls of tools and of the model are under way.</summary>
    public int UnderWay => Life.UnderWay;

    /// <summary>The moments that did not come yet.</summary>
    public IReadOnlyList<Moment> Armed
    {
        get
        {
            lock (_gate)
            {
                return [.. _armed];
            }
        }
    }

    private HostLife Life
    {
        get
        {
            lock (_gate)
            {
                return _life;
            }
        }
    }

    public void Arm(Moment moment)
    {
        lock (_gate)
        {
            _armed.Add(moment);
        }
    }

    /// <summary>Ends the present life; what is called in it from now on never returns.</summary>
    public void End() => Life.End();

    /// <summary>Begins the life of another host.</summary>
    public void Revive()
    {
        lock (_gate)
        {
            _life = new();
        }
    }

    /// <summary>Makes a call, unless the host dies before it or after it: then whoever waits never hears of it.</summary>
    public async ValueTask<T> PassAsync<T>(Moment before, Moment after, Func<ValueTask<T>> call)
    {
        HostLife life = Life;
        using IDisposable counted = life.Count();
        using IDisposable timed = VirtualTime.BeginCall();
        await PassAsync(life, before).ConfigureAwait(false);
        T result = await call().ConfigureAwait(false);
        await PassAsync(life, after).ConfigureAwait(false);
        return result;
    }

    private Task PassAsync(HostLife life, Moment moment)
    {
        lock (_gate)
        {
            if (!life.HasEnded && life == _life && _armed.Remove(moment))
            {
                life.End();
            }
        }

        return life.HasEnded ? Task.Delay(Timeout.Infinite, CancellationToken.None) : Task.CompletedTask;
    }
}
