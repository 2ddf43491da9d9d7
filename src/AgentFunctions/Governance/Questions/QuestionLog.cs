using Microsoft.Extensions.Logging;

namespace AgentFunctions.Governance.Questions;

/// <summary>What questions tell the host's log. Event ids 2050 to 2059.</summary>
internal static partial class QuestionLog
{
    [LoggerMessage(2050, LogLevel.Error, "Record {Key} was altered outside this host: the question counts as withdrawn")]
    public static partial void QuestionAltered(ILogger logger, string key);

    [LoggerMessage(2051, LogLevel.Warning, "Question {Question} could not be told to {Channel}: {Problem}")]
    public static partial void QuestionNotTold(ILogger logger, string question, string channel, string problem);
}
