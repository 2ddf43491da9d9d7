using System.Text;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Models;
using AgentFunctions.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Diagnostics;

/// <summary>Looks at the policy, the models, the clock and the store. No model is called.</summary>
/// <param name="services">The host's services: what is broken may not even be made.</param>
/// <param name="time">The clock.</param>
internal sealed class RuntimeReadiness(IServiceProvider services, TimeProvider time) : IReadinessCheck
{
    private const string ClockKey = "readiness/clock";

    /// <summary>No clock that is right is before this.</summary>
    private static readonly DateTimeOffset Earliest = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How far a clock may be set back without a word.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(1);

    public async Task<IReadOnlyList<ReadinessItem>> CheckAsync(CancellationToken cancellationToken)
    {
        (ReadinessItem store, DateTimeOffset? before) = await StoreAsync(cancellationToken).ConfigureAwait(false);
        return [store, Policy(), .. Models(), Clock(before)];
    }

    private ReadinessItem Policy()
    {
        try
        {
            PolicySource policies = services.GetRequiredService<PolicySource>();
            _ = policies.Current;
            return policies.Broken is { } broken
                ? new("policy", ReadinessStatus.Degraded, $"{broken} The policy before it holds.")
                : new("policy");
        }
        catch (AgentException e)
        {
            return new("policy", ReadinessStatus.Failed, $"{e.Message} Until it is mended no tool call is made.");
        }
    }

    private IEnumerable<ReadinessItem> Models()
    {
        IReadOnlyList<ModelBinding> models = services.GetRequiredService<IModelCatalog>().Models;
        string[] keyless = [.. models.Select(static model => model.Client.GetService(typeof(KeylessChatClient)))
            .OfType<KeylessChatClient>()
            .Select(static client => client.Error().Message)];
        yield return keyless.Length == 0 ? new("models") : new("models", ReadinessStatus.Degraded, string.Join(" ", keyless));
    }

    private ReadinessItem Clock(DateTimeOffset? before)
    {
        DateTimeOffset now = time.GetUtcNow();
        return now < Earliest ? new("clock", ReadinessStatus.Failed, $"The clock says {now:u}; set it.")
            : before > now + Tolerance
                ? new("clock", ReadinessStatus.Degraded,
                    $"The clock says {now:u}, and said {before:u} before; set it. Timers fire late until then.")
                : new("clock");
    }

    /// <summary>Writes what the clock says: a disk that is full, or read-only, is found by a write alone.</summary>
    private async Task<(ReadinessItem Store, DateTimeOffset? Before)> StoreAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset? before = null;
        try
        {
            IRecordStore records = services.GetRequiredService<IRecordStore>();
            StoredRecord? record = await records.GetAsync(ClockKey, cancellationToken).ConfigureAwait(false);
            before = record is not null && DateTimeOffset.TryParse(
                Encoding.UTF8.GetString(record.Value.Span), System.Globalization.CultureInfo.InvariantCulture,
                out DateTimeOffset said) ? said : null;
            DateTimeOffset now = time.GetUtcNow();
            await records.PutAsync(ClockKey, Encoding.UTF8.GetBytes($"{(before > now ? before : now):O}"), default,
                cancellationToken).ConfigureAwait(false);
            return (new("store"), before);
        }
        catch (AgentException e)
        {
            return (new("store", ReadinessStatus.Failed, e.Message), before);
        }
    }
}
