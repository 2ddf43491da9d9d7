using System.Collections.Concurrent;
using System.Globalization;
using AgentFunctions.Budgets;
using AgentFunctions.Core;
using AgentFunctions.Gateway.Options;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Gateway.Quotas;

/// <summary>
/// Counts what callers and labels use up, and says when a quota is: to who submits, and to runs at work, which then wait for the
/// next window. One record for each quota and account, changed under its version.
/// </summary>
internal sealed class QuotaMeter
{
    /// <summary>How long what another host counted may go unseen.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, SharedRecord<QuotaState>> _books = new(StringComparer.Ordinal);
    private readonly Quota[] _quotas;
    private readonly IRecordStore _records;
    private readonly TimeProvider _time;

    public QuotaMeter(IOptions<GatewayOptions> options, IRecordStore records, TimeProvider time)
    {
        _quotas = [.. options.Value.Quotas.Select(static quota => new Quota(quota))];
        (_records, _time) = (records, time);
    }

    /// <summary>Gets whether anything is counted.</summary>
    public bool IsConfigured => _quotas.Length > 0;

    /// <summary>Counts a run that is submitted; the same run once.</summary>
    /// <returns>Why it is refused, and then nothing is counted; <see langword="null"/> if it is not.</returns>
    public async Task<QuotaRefusal?> SubmitAsync(RunRecord run, CancellationToken cancellationToken)
    {
        DateTimeOffset now = _time.GetUtcNow();
        var counted = new List<SharedRecord<QuotaState>>();
        foreach ((Quota quota, string account) in AccountsOf(run))
        {
            SharedRecord<QuotaState> book = BookOf(quota, account);
            string? used = await book.ChangeAsync(before =>
            {
                QuotaState present = before.At(quota.WindowOf(now));
                return present.Marks.ContainsKey(run.Id) ? (before, null)
                    : quota.UsedUp(present, true) is { } over ? (before, over)
                    : (present.WithRun(run.Id), null);
            }, cancellationToken).ConfigureAwait(false);
            if (used is not null)
            {
                foreach (SharedRecord<QuotaState> earlier in counted)
                {
                    await earlier.ChangeAsync(before => (before.WithoutRun(run.Id), true), CancellationToken.None)
                        .ConfigureAwait(false);
                }

                return Refusal(quota, account, used, now);
            }

            counted.Add(book);
        }

        return null;
    }

    /// <summary>Takes back that a run was submitted, for one that something else refused.</summary>
    public async Task WithdrawAsync(RunRecord run)
    {
        foreach ((Quota quota, string account) in AccountsOf(run))
        {
            await BookOf(quota, account).ChangeAsync(before => (before.WithoutRun(run.Id), true), CancellationToken.None)
                .ConfigureAwait(false);
        }
    }

    /// <summary>Refuses a run's next model call where a quota is used up.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.QuotaExceeded"/>, with the time until the next window.</exception>
    public async ValueTask EnsureAsync(RunRecord run, CancellationToken cancellationToken)
    {
        DateTimeOffset now = _time.GetUtcNow();
        foreach ((Quota quota, string account) in AccountsOf(run))
        {
            QuotaState book = await BookOf(quota, account).ReadAsync(MaxAge, cancellationToken).ConfigureAwait(false);
            if (quota.UsedUp(book.At(quota.WindowOf(now)), false) is { } used)
            {
                throw Refusal(quota, account, used, now).ToException();
            }
        }
    }

    /// <summary>Gets what was used of the quotas that concern a run.</summary>
    public async Task<IReadOnlyList<QuotaUse>> LookAsync(RunRecord run, CancellationToken cancellationToken)
    {
        DateTimeOffset now = _time.GetUtcNow();
        var found = new List<QuotaUse>();
        foreach ((Quota quota, string account) in AccountsOf(run))
        {
            QuotaState book = await BookOf(quota, account).ReadAsync(MaxAge, cancellationToken).ConfigureAwait(false);
            book = book.At(quota.WindowOf(now));
            found.Add(new QuotaUse(quota.Name, account, quota.Next(now))
            {
                Used = new QuotaParts(book.Runs, book.Steps, book.Tokens, book.Usd),
                Limit = quota.Limit,
                UsedUp = quota.UsedUp(book, true) is { } used ? Refusal(quota, account, used, now).ToException().Message : null,
            });
        }

        return found;
    }

    /// <summary>Counts a model call and the tool calls that it asked for; the same call once.</summary>
    public async ValueTask CountAsync(RunRecord run, int number, int steps, TokenUsage usage, CancellationToken cancellationToken)
    {
        DateTimeOffset now = _time.GetUtcNow();
        var call = new QuotaCall(run.Id, number, steps, usage.InputTokens + usage.OutputTokens, usage.Usd);
        foreach ((Quota quota, string account) in AccountsOf(run))
        {
            await BookOf(quota, account).ChangeAsync(
                before => (before.At(quota.WindowOf(now)).WithCall(call), true), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A sub-agent has the requester and the labels of the run at the root of its tree.</summary>
    private IEnumerable<(Quota Quota, string Account)> AccountsOf(RunRecord run)
    {
        foreach (Quota quota in _quotas)
        {
            if (quota.AccountOf(run) is { } account)
            {
                yield return (quota, account);
            }
        }
    }

    private SharedRecord<QuotaState> BookOf(Quota quota, string account) => _books.GetOrAdd(
        $"quotas/{quota.Name}/{TextHash.Of(account)}",
        static (key, meter) => new SharedRecord<QuotaState>(
            meter._records, key, static () => QuotasJsonContext.Default.QuotaState, new QuotaState(), meter._time),
        this);

    private static QuotaRefusal Refusal(Quota quota, string account, string used, DateTimeOffset now)
    {
        DateTimeOffset next = quota.Next(now);
        return new QuotaRefusal(
            quota.Name,
            string.Create(CultureInfo.InvariantCulture,
                $"quota '{quota.Name}': {used} for {account} are used up until {next.UtcDateTime:yyyy-MM-ddTHH:mm}Z"),
            next - now);
    }
}

/// <summary>Why something is over a quota.</summary>
/// <param name="Rule">The quota's name.</param>
/// <param name="Reason">In words.</param>
/// <param name="RetryAfter">How long until the next window.</param>
internal sealed record QuotaRefusal(string Rule, string Reason, TimeSpan RetryAfter)
{
    public AgentException ToException() => new(ErrorCode.QuotaExceeded, $"Rule {Reason}.") { RetryAfter = RetryAfter };
}
