using Microsoft.Extensions.Options;

namespace AgentFunctions.Governance.Reviews;

/// <summary>Finds what is wrong with the section <c>Reviews</c>; each fault names its field and the remedy.</summary>
internal sealed class ReviewOptionsValidator : IValidateOptions<ReviewOptions>
{
    public ValidateOptionsResult Validate(string? name, ReviewOptions options)
    {
        string[] faults = [.. options.Queues.SelectMany((queue, index) => Faults($"Reviews:Queues:{index}", queue,
            options.Queues.Take(index)))];
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> Faults(string path, ReviewQueueOptions queue, IEnumerable<ReviewQueueOptions> earlier)
    {
        if (queue.Label is not { Length: > 0 and <= 321 } label || label.StartsWith('='))
        {
            yield return $"{path}:Label: use a label's name for a queue of each value, or name=value.";
        }
        else if (earlier.Any(other => other.Label == label))
        {
            yield return $"{path}:Label: '{label}' has a queue already; remove one.";
        }

        if (queue.Capacity is < 1 or > ReviewQueueOptions.MaxCapacity)
        {
            yield return $"{path}:Capacity: {queue.Capacity} is out of range; use 1 to {ReviewQueueOptions.MaxCapacity}.";
        }
    }
}
