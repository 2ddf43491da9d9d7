namespace AgentFunctions.Loop;

/// <summary>
/// The sub-agents that wait for their turn: the more urgent first, otherwise in the order in which they were asked for.
/// </summary>
internal static class SwarmQueue
{
    public static IReadOnlyList<ChildBatch> With(IReadOnlyList<ChildBatch> queue, IEnumerable<ChildBatch> added)
    {
        List<ChildBatch> all = [.. queue];
        foreach (ChildBatch batch in added)
        {
            int place = all.FindIndex(waiting => waiting.Priority < batch.Priority);
            place = place < 0 ? all.Count : place;
            if (place > 0 && all[place - 1].IsFollowedBy(batch))
            {
                all[place - 1] = all[place - 1] with { Count = all[place - 1].Count + batch.Count };
            }
            else
            {
                all.Insert(place, batch);
            }
        }

        return all;
    }

    public static IReadOnlyList<ChildBatch> WithoutFirst(IReadOnlyList<ChildBatch> queue) =>
        queue[0].Rest is { } rest ? [rest, .. queue.Skip(1)] : [.. queue.Skip(1)];
}
