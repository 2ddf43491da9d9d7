// Whom to tell when runs or their steps fail, when something waits for long, or money runs. Cost: each rule by the month.
param name string
param location string
param tags object
param email string
param workspaceId string
param monthlySpend int

@description('The first day of the month in which the budget begins; a budget that exists keeps its own.')
param budgetFrom string

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${name}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'agents'
    enabled: true
    emailReceivers: [
      {
        name: 'owner'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

// A new workspace does not know these tables until the first row came, and would refuse a rule that asks for them.
var metrics = 'union isfuzzy=true (datatable(TimeGenerated: datetime, Name: string, Sum: real, Max: real, Properties: dynamic) []), AppMetrics'
var requests = 'union isfuzzy=true (datatable(TimeGenerated: datetime, Name: string, Success: bool) []), AppRequests'

var rules = [
  {
    name: 'failed-runs'
    text: 'More than five runs failed in a quarter of an hour.'
    query: '${metrics} | where Name == "agentfunctions.run.ended" and tostring(Properties["agentfunctions.run.status"]) == "failed" | summarize Failed = sum(Sum) | where Failed > 5'
    threshold: 0
    severity: 1
  }
  {
    name: 'queue-age'
    text: 'A run has waited more than five minutes to begin.'
    query: '${metrics} | where Name == "agentfunctions.run.queue.oldest" | summarize Oldest = max(Max) | where Oldest > 300'
    threshold: 0
    severity: 2
  }
  {
    name: 'approval-age'
    text: 'A question to people has waited more than four hours.'
    query: '${metrics} | where Name == "agentfunctions.approval.oldest" | summarize Oldest = max(Max) | where Oldest > 14400'
    threshold: 0
    severity: 3
  }
  {
    name: 'model-spend'
    text: 'The models cost more in an hour than a hundredth of the monthly budget.'
    query: '${metrics} | where Name == "agentfunctions.spend" | where TimeGenerated > ago(1h) | summarize Usd = sum(Sum) | where Usd > ${monthlySpend} / 100.0'
    threshold: 0
    severity: 2
  }
  {
    name: 'failed-steps'
    text: 'More than a tenth of the model and tool calls of a quarter of an hour failed.'
    query: '${requests} | where Name in ("CallModel", "CallTool") | summarize Share = 1.0 * countif(Success == false) / count() | where Share > 0.1'
    threshold: 0
    severity: 2
  }
]

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: '${rule.name}-${name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.name
      description: rule.text
      severity: rule.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT5M'
      windowSize: rule.name == 'model-spend' ? 'PT1H' : 'PT15M'
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: rule.threshold
          }
        ]
      }
      actions: { actionGroups: [people.id] }
    }
  }
]

resource spend 'Microsoft.Consumption/budgets@2023-11-01' = {
  name: 'spend-${name}'
  properties: {
    category: 'Cost'
    amount: monthlySpend
    timeGrain: 'Monthly'
    timePeriod: { startDate: budgetFrom }
    notifications: {
      most: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 80
        contactEmails: [email]
      }
      all: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        contactEmails: [email]
      }
    }
  }
}
