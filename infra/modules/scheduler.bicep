// Durable Task Scheduler with one task hub. Cost: Consumption bills each action, Dedicated each capacity unit by the hour
// whether it is used or not; docs/azure.md counts the actions of a run.
import { roles } from 'roles.bicep'

param name string
param location string
param tags object
param principalId string

@allowed(['Consumption', 'Dedicated'])
param sku string
param capacity int
param endpointSubnetId string
param networkId string

@description('From where the scheduler may be reached; callers need the role besides. An empty list refuses all.')
param allowedAddresses array = ['0.0.0.0/0']

var isPrivate = !empty(endpointSubnetId)

resource scheduler 'Microsoft.DurableTask/schedulers@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    ipAllowlist: allowedAddresses
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    sku: sku == 'Dedicated' ? { name: sku, capacity: capacity } : { name: sku }
  }

  resource hub 'taskHubs' = {
    name: 'agentfunctions'
  }
}

resource contributor 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(scheduler::hub.id, principalId, roles['Durable Task Data Contributor'])
  scope: scheduler::hub
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles['Durable Task Data Contributor']
    )
  }
}

module endpoint 'endpoint.bicep' = if (isPrivate) {
  name: 'endpoint-scheduler'
  params: {
    name: 'pe-${name}'
    location: location
    tags: tags
    targetId: scheduler.id
    part: 'scheduler'
    zone: 'privatelink.durabletask.io'
    subnetId: endpointSubnetId
    networkId: networkId
  }
}

output endpoint string = scheduler.properties.endpoint
output taskHub string = scheduler::hub.name
