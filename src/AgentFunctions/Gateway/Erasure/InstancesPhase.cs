using System.Globalization;
using AgentFunctions.Core;
using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Views.Runs;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>Purges the orchestrations of a tree with their histories, and looks again until none is left.</summary>
internal sealed class InstancesPhase(TreeContents contents, QuestionWaiters waiters,
    IOrchestrationClient orchestrations) : IErasePhase
{
    public const string Name = "instances";

    private const int Portion = 100;

    /// <summary>
    /// The cursor once the runs on record are through, and what is left is looked for by the beginning of its id.
    /// </summary>
    private const string Rest = "~";

    /// <summary>How often the rest is looked for, a second apart, before the erasure says that it waits.</summary>
    private const int Patience = 60;

    string IErasePhase.Name => Name;

    public async Task<EraseProgress> RunAsync(EraseInput input, CancellationToken cancellationToken)
    {
        if (input.Cursor?.StartsWith(Rest, StringComparison.Ordinal) != true)
        {
            IReadOnlyList<string> ids = await contents.RunsAsync(input.Root, input.Cursor, Portion, cancellationToken)
                .ConfigureAwait(false);
            (int waiting, bool areLeft) = await waiters.PurgeAsync(ids, cancellationToken).ConfigureAwait(false);
            if (areLeft)
            {
                return new EraseProgress
                {
                    HasMore = true,
                    Cursor = input.Cursor,
                    Wait = TimeSpan.FromSeconds(1),
                    Counts = new EraseCounts { Instances = waiting }
                };
            }

            int[] purged = await InParallel.SelectAsync(ids, id => orchestrations.PurgeAsync(id, cancellationToken),
                cancellationToken).ConfigureAwait(false);
            return new EraseProgress
            {
                HasMore = true,
                Cursor = ids.Count == Portion ? ids[^1] : Rest,
                Counts = new EraseCounts { Instances = purged.Sum() + waiting },
            };
        }

        string root = input.Root;
        OrchestrationState[] left =
        [
            .. (await LeftAsync(root, cancellationToken)
                .ConfigureAwait(false)).Where(state => ChildName.RootOf(state.InstanceId) == root),
            .. await LeftAsync($"callback.{root}.", cancellationToken).ConfigureAwait(false),
        ];
        int count = 0;
        foreach (OrchestrationState state in left)
        {
            if (!state.IsEnded)
            {
                await orchestrations.TerminateAsync(state.InstanceId, null, true, cancellationToken).ConfigureAwait(false);
            }

            count += await orchestrations.PurgeAsync(state.InstanceId, cancellationToken).ConfigureAwait(false);
        }

        _ = int.TryParse(input.Cursor[Rest.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int looked);
        int looks = count > 0 ? 0 : looked;
        return new EraseProgress
        {
            HasMore = left.Length > 0,
            Cursor = looks >= Patience ? input.Cursor : string.Create(CultureInfo.InvariantCulture, $"{Rest}{looks + 1}"),
            Wait = left.Length > 0 && count == 0 ? TimeSpan.FromSeconds(1) : null,
            Waits = left.Length > 0 && looks >= Patience
                ? $"{left.Length} orchestrations of the run are left and the engine does not delete them. "
                    + "Check that the engine works."
                : null,
            Counts = new EraseCounts { Instances = count },
        };
    }

    private async Task<IReadOnlyList<OrchestrationState>> LeftAsync(string prefix, CancellationToken cancellationToken) =>
        (await orchestrations.QueryAsync(new OrchestrationQuery { InstanceIdPrefix = prefix, PageSize = Portion },
            cancellationToken).ConfigureAwait(false)).Items;
}
