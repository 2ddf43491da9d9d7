using System.Text.Json;
using Microsoft.DurableTask;

namespace AgentFunctions.DurableTask.Orchestrations;

/// <summary>
/// Events as the port promises them: the newest waiter is served first, as in Durable Task, and an event that comes after a
/// waiter has given up is kept for the next. Durable Task drops what it hands to a waiter that has given up, so it is asked
/// for one event at a time, without a token.
/// </summary>
internal sealed class ExternalEvents(TaskOrchestrationContext context)
{
    private readonly Dictionary<string, Inbox> _inboxes = new(StringComparer.OrdinalIgnoreCase);
    private bool _forward;

    public Task<JsonElement?> WaitAsync(string name, CancellationToken cancellationToken)
    {
        if (!_inboxes.TryGetValue(name, out Inbox? inbox))
        {
            _inboxes.Add(name, inbox = new Inbox());
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<JsonElement?>(cancellationToken);
        }

        if (inbox.Kept.TryDequeue(out JsonElement? kept))
        {
            return Task.FromResult(kept);
        }

        // Not RunContinuationsAsynchronously: the continuation is the orchestrator's and must stay in this turn.
        var waiter = new TaskCompletionSource<JsonElement?>();
        inbox.Waiters.Push(waiter);
        cancellationToken.Register(() => waiter.TrySetCanceled(cancellationToken));
        if (!inbox.IsAsking)
        {
            inbox.IsAsking = true;
            _ = ReceiveAsync(name, inbox);
        }

        return waiter.Task;
    }

    /// <summary>Sends what was received and not waited for to the next execution of the same instance.</summary>
    public void Forward()
    {
        _forward = true;
        foreach ((string name, Inbox inbox) in _inboxes)
        {
            while (inbox.Kept.TryDequeue(out JsonElement? kept))
            {
                context.SendEvent(context.InstanceId, name, kept!);
            }
        }
    }

    private async Task ReceiveAsync(string name, Inbox inbox)
    {
        do
        {
            JsonElement? payload = await context.WaitForExternalEvent<JsonElement?>(name);
            if (!inbox.Serve(payload))
            {
                Keep(name, inbox, payload);
            }
        }
        while (inbox.HasWaiters);
        inbox.IsAsking = false;
    }

    private void Keep(string name, Inbox inbox, JsonElement? payload)
    {
        if (_forward)
        {
            context.SendEvent(context.InstanceId, name, payload!);
        }
        else
        {
            inbox.Kept.Enqueue(payload);
        }
    }

    private sealed class Inbox
    {
        public Stack<TaskCompletionSource<JsonElement?>> Waiters { get; } = new();

        public Queue<JsonElement?> Kept { get; } = new();

        public bool IsAsking { get; set; }

        public bool HasWaiters => Waiters.Any(waiter => !waiter.Task.IsCompleted);

        public bool Serve(JsonElement? payload)
        {
            while (Waiters.TryPop(out TaskCompletionSource<JsonElement?>? waiter))
            {
                if (waiter.TrySetResult(payload))
                {
                    return true;
                }
            }

            return false;
        }
    }
}
