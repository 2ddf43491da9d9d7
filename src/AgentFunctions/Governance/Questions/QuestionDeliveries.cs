using System.Text.Json;
using AgentFunctions.Core.Text;
using AgentFunctions.Governance.HumanTasks;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Notifications;
using AgentFunctions.Runs;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Governance.Questions;

/// <summary>Tells people of questions, over the channels that lead to them, and lead agents of those that are for them.</summary>
internal sealed class QuestionDeliveries(
    HumanTaskChannels channels, ILeadAgents leads, IEnumerable<IRunAskObserver> observers, Redactor redactor,
    ILogger<QuestionDeliveries> log)
{
    /// <summary>How much of the goal people are shown at once, in characters.</summary>
    private const int GoalLimit = 2_000;

    /// <summary>Tells those who may answer.</summary>
    /// <param name="question">The question.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Each attempt, those that failed too.</returns>
    public async Task<IReadOnlyList<HumanTaskDelivery>> TellAsync(Question question, CancellationToken cancellationToken)
    {
        if (question is { Lead: not null, EscalatedAt: null })
        {
            await leads.TellAsync(question, cancellationToken).ConfigureAwait(false);
            return [new HumanTaskDelivery(AnswerTerms.LeadAgent, channels.Now)];
        }

        if (question.Reminders == 0 || question.Lead is not null)
        {
            foreach (IRunAskObserver observer in observers)
            {
                await observer.AskedAsync(question.RunId, question.Id, cancellationToken).ConfigureAwait(false);
            }
        }

        // The number of the attempt makes it another message than the one before; a crash in between sends the same again.
        string kind = HumanTaskChannels.KindOf(question);
        ChannelMessage message = MessageOf(QuestionView.Of(question, redactor), kind,
            $"question-{question.Id}-{question.Reminders + 1}");
        return await Task.WhenAll(channels.For(question.Roles)
            .Select(channel => TellAsync(channel, question.Id, message, cancellationToken)))
            .ConfigureAwait(false);
    }

    /// <summary>Tells those who were asked that no answer is needed any more.</summary>
    /// <param name="question">The question.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task TellWithdrawnAsync(Question question, CancellationToken cancellationToken)
    {
        ChannelMessage message = MessageOf(QuestionView.Of(question, redactor), "withdrawn", $"question-{question.Id}-withdrawn");
        return Task.WhenAll(channels.For(question.Roles).Where(question.ToldTo.Contains)
            .Select(channel => TellAsync(channel, question.Id, message, cancellationToken)));
    }

    private ChannelMessage MessageOf(Question question, string kind, string id)
    {
        var notice = new QuestionNotice
        {
            Id = question.Id,
            Run = question.RunId,
            Server = question.Server,
            Question = question.Text,
            Why = question.Why,
            Form = question.Form,
            Url = question.Url,
            Context = question.Context.Count == 0 ? null : question.Context,
            Urgency = JsonNamingPolicy.CamelCase.ConvertName(question.Urgency.ToString()),
            Requester = question.Requester,
            Chain = question.Chain,
            Goal = Preview.Of(question.Goal, GoalLimit) ?? "",
            Roles = question.Roles,
            ExpiresAt = question.ExpiresAt,
            Answer = channels.LinkTo($"/api/questions/{question.Id}"),
            Page = channels.LinkTo($"/dashboard/questions/{question.Id}"),
        };
        DateTimeOffset now = channels.Now;
        string asks = question.Server is null
            ? $"run {question.RunId} asks"
            : $"tool server '{question.Server}' asks, for run {question.RunId}";
        string line = $"question {kind}: {asks}: {question.Text.ReplaceLineEndings(" ")} "
            + (kind == "withdrawn" ? "No answer is needed any more." : $"Answer: agentfunctions answer {question.Id}");
        return new ChannelMessage(
            id, now, NotificationBody.Of($"question.{kind}", now,
                JsonSerializer.SerializeToUtf8Bytes(notice, QuestionsJsonContext.Default.QuestionNotice)), line);
    }

    private async Task<HumanTaskDelivery> TellAsync(string channel, string id, ChannelMessage message,
        CancellationToken cancellationToken)
    {
        try
        {
            await channels.SendAsync(channel, message, cancellationToken).ConfigureAwait(false);
            return new HumanTaskDelivery(channel, channels.Now);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // A channel that is down tells nobody, which is what escalation goes by.
            QuestionLog.QuestionNotTold(log, id, channel, e.Message);
            return new HumanTaskDelivery(channel, channels.Now, e.Message);
        }
    }
}
