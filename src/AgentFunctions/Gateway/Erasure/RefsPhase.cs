using AgentFunctions.Core;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>
/// Once, before the first content is deleted: enters which trees use which content for runs of before, when this was not written
/// down.
/// </summary>
internal sealed class RefsPhase(TreeContents contents, ContentRefs refs, IRecordStore records) : IErasePhase
{
    public const string Name = "refs";

    private const string StateKey = ContentRefs.Prefix + "all";
    private const int Portion = 50;

    string IErasePhase.Name => Name;

    public async Task<EraseProgress> RunAsync(EraseInput input, CancellationToken cancellationToken)
    {
        if (await records.GetAsync(StateKey, cancellationToken).ConfigureAwait(false) is not null)
        {
            return new EraseProgress();
        }

        int count = 0;
        string? after = input.Cursor;
        await foreach (StoredRecord record in contents.ListAsync(
            TreeContents.RunKey(""), after is null ? null : TreeContents.RunKey(after), cancellationToken).ConfigureAwait(false))
        {
            after = record.Key[TreeContents.RunKey("").Length..];
            foreach (string hash in ChildName.RootOf(after) == input.Root
                ? []
                : await contents.HashesAsync(after, cancellationToken).ConfigureAwait(false))
            {
                await refs.AddAsync(hash, after, cancellationToken).ConfigureAwait(false);
            }

            if (++count == Portion)
            {
                return new EraseProgress { HasMore = true, Cursor = after };
            }
        }

        await records.PutAsync(StateKey, "{}"u8.ToArray(), default, cancellationToken).ConfigureAwait(false);
        return new EraseProgress();
    }
}
