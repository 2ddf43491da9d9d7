using System.Globalization;
using AgentFunctions.Loop;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>Reclaims the space of what was deleted, so that nothing of it is left in the file.</summary>
internal static class StoreReclaim
{
    /// <summary>How often it is tried, a second apart, before it is said that somebody reads an older state.</summary>
    private const int Patience = 60;

    /// <summary>Tries once.</summary>
    /// <returns>What to do next; <see langword="null"/> if it is done.</returns>
    public static async Task<EraseProgress?> TryAsync(
        IStoreMaintenance? maintenance, EraseInput input, CancellationToken cancellationToken)
    {
        if (maintenance is null)
        {
            return null;
        }

        bool isRewritten = int.TryParse(input.Cursor, NumberStyles.None, CultureInfo.InvariantCulture, out int looks);
        if (!isRewritten)
        {
            await maintenance.ReclaimAsync(cancellationToken).ConfigureAwait(false);
        }

        if (await maintenance.EmptyLogAsync(cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        return looks >= Patience
            ? new EraseProgress
            {
                HasMore = true,
                Cursor = input.Cursor,
                Waits = "The log of the data file still holds what was deleted, since another program reads an older state "
                    + "of the file. End that program, for example a backup.",
            }
            : new EraseProgress
            {
                HasMore = true,
                Cursor = (looks + 1).ToString(CultureInfo.InvariantCulture),
                Wait = TimeSpan.FromSeconds(1),
            };
    }
}
