// Logs, records and content of the runs, the host's own state and the deployed package. No shared keys. Cost: capacity by
// the GB and month, and operations by the ten thousand; docs/azure.md counts them per run.
import { roles } from 'roles.bicep'

param name string
param location string
param tags object
param principalId string

@description('Whether orchestrations are kept here too, in queues and tables.')
param keepsOrchestrations bool
param endpointSubnetId string
param networkId string

var isPrivate = !empty(endpointSubnetId)
var granted = keepsOrchestrations
  ? ['Storage Blob Data Owner', 'Storage Queue Data Contributor', 'Storage Table Data Contributor']
  : ['Storage Blob Data Owner']
var parts = keepsOrchestrations ? ['blob', 'queue', 'table'] : ['blob']

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_ZRS' }
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      deleteRetentionPolicy: {
        enabled: true
        days: 7
      }
    }

    resource deployments 'containers' = {
      name: 'deployments'
    }
  }
}

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in granted: {
    name: guid(account.id, principalId, roles[role])
    scope: account
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[role])
    }
  }
]

module endpoints 'endpoint.bicep' = [
  for part in parts: if (isPrivate) {
    name: 'endpoint-${part}'
    params: {
      name: 'pe-${name}-${part}'
      location: location
      tags: tags
      targetId: account.id
      part: part
      zone: 'privatelink.${part}.${environment().suffixes.storage}'
      subnetId: endpointSubnetId
      networkId: networkId
    }
  }
]

output name string = account.name
output deploymentContainer string = '${account.properties.primaryEndpoints.blob}${account::blobs::deployments.name}'
