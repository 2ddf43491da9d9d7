using System.Globalization;
using AgentFunctions.Durability;
using AgentFunctions.Loop;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>Ends a live tree, if that was asked for: by a word first, and by the engine if the word is not heeded.</summary>
internal sealed class EndPhase(RunSteering steering, TreeStates states, IOrchestrationClient orchestrations) : IErasePhase
{
    public const string Name = "end";

    /// <summary>How often it is looked whether the tree has ended, a second apart, before the engine ends it.</summary>
    private const int Patience = 30;

    string IErasePhase.Name => Name;

    public async Task<EraseProgress> RunAsync(EraseInput input, CancellationToken cancellationToken)
    {
        if (!input.Cancel || (await states.LiveAsync(input.Root, cancellationToken).ConfigureAwait(false)).Count == 0)
        {
            return new EraseProgress();
        }

        int looks = int.TryParse(input.Cursor, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;
        try
        {
            if (looks == 0)
            {
                await steering.CancelAsync(input.Root, input.By, "It is to be erased.", cancellationToken).ConfigureAwait(false);
            }
            else if (looks >= Patience)
            {
                await orchestrations.TerminateAsync(input.Root, null, true, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (AgentException e) when (e.Code is ErrorCode.RunStateForbids or ErrorCode.InstanceNotFound)
        {
            // It has ended meanwhile; the next look tells.
        }

        if (looks > 2 * Patience)
        {
            return new EraseProgress
            {
                HasMore = true,
                Cursor = input.Cursor,
                Waits = $"Run '{input.Root}' was asked to end, then terminated, and has not ended. Check that the engine works.",
            };
        }

        return new EraseProgress
        {
            HasMore = true,
            Cursor = (looks + 1).ToString(CultureInfo.InvariantCulture),
            Wait = TimeSpan.FromSeconds(1),
        };
    }
}
